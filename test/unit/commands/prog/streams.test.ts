import { describe, expect, it } from 'vitest';
import { CommandFailure, Context, defaultOptions, Words } from '../../../../src/cli/index.ts';
import { tracelog } from '../../../../src/commands/prog/tracelog.ts';
import { useKernel } from '../../../../src/commands/shared/kernel.ts';
import type { Kernel } from '../../../../src/kernel/index.ts';
import { memorySink } from '../../../../src/output/index.ts';
import { attr_prog_stream_read, bpf_cmd, type NativeStruct, structView } from '../../../../src/uapi/index.ts';

/** A kernel with one program, 7, whose streams hold these texts; a number is the errno that reading ends with. */
function kernelWith(streams: Record<number, (string | number)[]>) {
  const closed: number[] = [];
  const fake = {
    bpf(command: number, attr: NativeStruct): number {
      if (command === bpf_cmd.BPF_PROG_GET_FD_BY_ID) return 33;
      if (command !== bpf_cmd.BPF_PROG_STREAM_READ_BY_FD) return -22;
      const view = structView(attr_prog_stream_read, attr.bytes.slice());
      expect(view.u32('prog_fd')).toBe(33);
      const next = streams[view.u32('stream_id')]?.shift() ?? '';
      if (typeof next === 'number') return -next;
      const bytes = Buffer.from(next, 'latin1');
      expect(bytes.length).toBeLessThanOrEqual(view.u32('stream_buf_len'));
      (attr.pointers[0]!.target as Uint8Array).set(bytes);
      return bytes.length;
    },
    close: (fd: number) => closed.push(fd),
  };
  return { kernel: fake as unknown as Kernel, closed };
}

function run(line: string, streams: Record<number, (string | number)[]>) {
  const [stdout, stderr] = [memorySink(), memorySink()];
  const ctx = new Context({ programName: 'tsbpftool', options: defaultOptions, stdout, stderr });
  const { kernel, closed } = kernelWith(streams);
  useKernel(ctx, kernel);
  let failure: unknown;
  try {
    void tracelog(ctx, new Words(line.split(' ')));
  } catch (error) {
    failure = error;
  }
  return { stdout: stdout.contents(), stderr: stderr.contents(), failure, closed };
}

describe('a stream of a program', () => {
  const long = 'x'.repeat(512);

  it('is read piece by piece to its end, to the stream of the same name', () => {
    const streams = () => ({ 1: [long, 'out\n'], 2: ['err\n'] });
    expect(run('stdout id 7', streams())).toEqual({
      stdout: `${long}out\n`,
      stderr: '',
      failure: undefined,
      closed: [33],
    });
    expect(run('stderr id 7', streams())).toEqual({ stdout: '', stderr: 'err\n', failure: undefined, closed: [33] });
  });

  it('that breaks off is printed so far, and fails without a word', () => {
    const { stdout, stderr, failure, closed } = run('stdout id 7', { 1: ['begun', 95] });
    expect({ stdout, stderr, closed }).toEqual({ stdout: 'begun', stderr: '', closed: [33] });
    expect(failure).toBeInstanceOf(CommandFailure);
    expect(failure).toMatchObject({ status: -1, silent: true });
  });
});

import { describe, expect, it } from 'vitest';
import { CommandFailure, Context, defaultOptions, Words } from '../../../../src/cli/index.ts';
import { dump } from '../../../../src/commands/prog/dump.ts';
import { useKernel } from '../../../../src/commands/shared/kernel.ts';
import type { Kernel } from '../../../../src/kernel/index.ts';
import { memorySink } from '../../../../src/output/index.ts';
import { bpf_cmd } from '../../../../src/uapi/index.ts';

/** A kernel whose programs have no instructions that this user may see. */
function hidingKernel() {
  const closed: number[] = [];
  const fake = {
    address: () => 1n << 32n,
    bpf: (command: number) => (command === bpf_cmd.BPF_PROG_GET_FD_BY_ID ? 33 : 0),
    close: (fd: number) => closed.push(fd),
  };
  return { kernel: fake as unknown as Kernel, closed };
}

function run(line: string) {
  const [stdout, stderr] = [memorySink(), memorySink()];
  const ctx = new Context({ programName: 'tsbpftool', options: defaultOptions, stdout, stderr });
  const { kernel, closed } = hidingKernel();
  useKernel(ctx, kernel);
  let failure: unknown;
  try {
    void dump(ctx, new Words(line.split(' ')));
  } catch (error) {
    failure = error;
  }
  return { stdout: stdout.contents(), message: (failure as CommandFailure).message, failure, closed };
}

describe('a dump of a program that is interpreted or whose instructions the kernel hides', () => {
  it.each([
    ['jited id 7', 'error retrieving jit dump: no instructions returned or kernel.kptr_restrict set?'],
    [
      'jited id 7 file /nosuchfolder/image',
      'error retrieving jit dump: no instructions returned or kernel.kptr_restrict set?',
    ],
    ['xlated id 7', 'error retrieving insn dump: kernel.kptr_restrict set?'],
  ])('fails and leaves no program open: %s', (line, message) => {
    const { failure, ...told } = run(line);
    expect(failure).toBeInstanceOf(CommandFailure);
    expect(told).toEqual({ stdout: '', message, closed: [33] });
  });
});

import { readStream } from '../bpf/index.ts';
import { Errno, NotSupportedError, UsageError } from '../errors/index.ts';
import { syscallError } from '../sys/index.ts';
import { BPF_STREAM_STDERR, BPF_STREAM_STDOUT } from '../uapi/index.ts';
import type { OpenObject } from '../bpf/index.ts';

const streams = { stdout: BPF_STREAM_STDOUT, stderr: BPF_STREAM_STDERR } as const;

/** What a program has written to a stream since the last reading, as text. */
export function readProgramStream(program: OpenObject, stream: keyof typeof streams): string {
  if (!Object.hasOwn(streams, stream))
    throw new UsageError(`a program has the streams stdout and stderr, not '${stream}'`);
  const decoder = new TextDecoder();
  // Bytes a call; a character may be cut at the end, which the decoder waits for.
  const room = new Uint8Array(16384);
  for (let text = ''; ; ) {
    const count = readStream(program, streams[stream], room);
    // The command is unknown before Linux 6.17.
    if (count === -Errno.EINVAL) throw new NotSupportedError('streams of programs', '6.17');
    if (count < 0) throw syscallError(`read ${stream} of the program`, count);
    if (count === 0) return text + decoder.decode();
    text += decoder.decode(room.subarray(0, count), { stream: true });
  }
}

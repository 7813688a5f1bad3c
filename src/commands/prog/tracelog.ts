// `prog tracelog`: bpftool's src/tracelog.c, and prog_tracelog_stream() of src/prog.c.
import { type Context, fail, failSilently, type Handler, usage, type Words } from '../../cli/index.ts';
import { strerror, SyscallError } from '../../errors/index.ts';
import { ensureTracefs } from '../../host/index.ts';
import { readStream, TracePipe } from '../../kernel/index.ts';
import { BPF_STREAM_STDERR, BPF_STREAM_STDOUT } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { selectProgram } from '../shared/select-prog.ts';

/** Bytes; the reference's buffer has as many. */
const streamChunkBytes = 512;

/** `prog tracelog [{ stdout | stderr } PROG]` */
export const tracelog: Handler = (ctx, words) => (words.left === 0 ? followTrace(ctx) : printStream(ctx, words));

/** Prints the trace log until a signal ends it. */
async function followTrace(ctx: Context): Promise<void> {
  // Opened first, so that errors stand inside the array, as with the reference.
  ctx.json?.startArray();
  using pipe = openPipe(ctx);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  const signals = ['SIGINT', 'SIGHUP', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    for await (const line of pipe.lines(stop.signal)) {
      if (ctx.json === undefined) ctx.stdout.bytes(line);
      else ctx.json.string(Buffer.from(line).toString());
      ctx.stdout.flush();
    }
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    fail(`failed to read content from trace pipe: ${strerror(cause.errno)}`, { cause });
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
  // The pipe has no end: to reach one is an error whose errno is 0.
  if (!stop.signal.aborted) fail('failed to read content from trace pipe: Success');
  ctx.json?.endArray();
}

function openPipe(ctx: Context): TracePipe {
  const kernel = kernelOf(ctx);
  // tracefs is at one of two usual places, else it is mounted at the first of them.
  const answer = ensureTracefs(kernel, { noMount: ctx.options.nomount }, () =>
    ctx.info('could not find tracefs, attempting to mount it now'),
  );
  if (answer.kind === 'noMount') failSilently();
  if (answer.kind === 'mount') fail(`can't mount tracefs: ${answer.failure}`);
  try {
    return new TracePipe(kernel, answer.path);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    fail(`could not open trace pipe: ${strerror(cause.errno)}`, { cause });
  }
}

/** Prints what a program has written to one of its streams, to the stream of the same name. */
function printStream(ctx: Context, words: Words): void {
  const toStdout = words.take('stdout');
  if (!toStdout && !words.take('stderr')) usage();
  words.require(2);
  using program = selectProgram(ctx, words);
  const sink = toStdout ? ctx.stdout : ctx.stderr;
  const streamId = toStdout ? BPF_STREAM_STDOUT : BPF_STREAM_STDERR;
  const chunk = new Uint8Array(streamChunkBytes);
  for (;;) {
    // The kernel gives what has come so far and does not wait: 0 is the end.
    const count = readStream(program, streamId, chunk);
    if (count > 0) sink.bytes(chunk.subarray(0, count));
    if (count > 0) continue;
    sink.flush();
    if (count < 0) failSilently();
    return;
  }
}

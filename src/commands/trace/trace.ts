import { type Context, fail, type OwnHandler } from '../../cli/index.ts';
import { closeSync, openSync } from 'node:fs';
import os from 'node:os';
import { descriptorSink, type Sink } from '../../output/index.ts';
import { Errno, SyscallError } from '../../errors/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { type BpfTrace, type TraceEvent, type TraceOptions, traceBpf } from '../../trace/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { JsonLines } from './json.ts';
import { readTraceWords, type TraceRequest } from './options.ts';
import { TraceSummary } from './summary.ts';
import { TraceText } from './text.ts';
import { userIds } from './user.ts';

/** `trace`: shows bpf() calls as they happen. */
export const runTrace: OwnHandler = (ctx, words) => {
  const request = readTraceWords(words.all.slice(words.index));
  words.index = words.all.length;
  return run(ctx, request);
};

/** Whoever reads the events. */
interface Reader {
  readonly event: (event: TraceEvent) => void;
  readonly end: (trace: BpfTrace) => void;
}

async function run(ctx: Context, request: TraceRequest): Promise<number> {
  const { command, trace: options } = request;
  const [file, ...args] = command;
  const user = request.user === undefined ? undefined : userIds(kernelOf(ctx), request.user);
  const output = request.output === undefined ? undefined : openOutput(request.output);
  const sink = output === undefined ? ctx.stdout : descriptorSink(output);
  const reader = readerFor(ctx, request, sink);
  const signals = new SignalWatch();
  let trace: BpfTrace | undefined;
  try {
    trace = begin(kernelOf(ctx), {
      ...options,
      ...(file !== undefined && { command: { file, args, ...(user && { user }) } }),
    });
    ctx.printsLines = true;
    if (trace.isRaw) {
      ctx.info(
        'tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing): raw tracepoints are used, which every system call of the machine notices',
      );
    }
    const running = trace;
    signals.listen(() => running.stop());
    if (request.seconds !== undefined) signals.after(request.seconds * 1000, () => running.stop());
    await readAll(trace, { reader, sink, ...(request.count !== undefined && { count: request.count }) });
    reader.end(trace);
    sink.flush();
    const isWhole = tellLosses(ctx, trace, request);
    const status = await statusOf(ctx, trace, signals);
    return request.strict && !isWhole ? -1 : status;
  } finally {
    trace?.close();
    signals.close();
    if (output !== undefined) closeSync(output);
  }
}

/** As `traceBpf`; fails with what rights it takes where they are missing. */
function begin(kernel: Kernel, options: TraceOptions): BpfTrace {
  try {
    return traceBpf(kernel, options);
  } catch (error) {
    if (!(error instanceof SyscallError) || (error.errno !== Errno.EPERM && error.errno !== Errno.EACCES)) throw error;
    fail(`can't trace: ${error.message}; it takes CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH: run it as root`);
  }
}

/** Says what was not seen; answers whether nothing was. */
function tellLosses(ctx: Context, { lost, missed }: BpfTrace, { strict }: TraceRequest): boolean {
  const were = (count: number) => `${count} call${count === 1 ? ' was' : 's were'}`;
  if (lost > 0) {
    ctx.printError(
      `Error: ${were(lost)} lost: the ring was full; --ring makes it larger, --map, --command and -s make less of it\n`,
    );
  }
  // They may be of processes that nobody asked for.
  if (missed > 0 && strict)
    ctx.printError(`Error: up to ${were(missed)} not seen: another BPF program ran on the processor\n`);
  return lost + missed === 0;
}

function openOutput(path: string): number {
  try {
    return openSync(path, 'w', 0o644);
  } catch (error) {
    fail(`can't open ${path}: ${(error as Error).message}`);
  }
}

function readerFor(ctx: Context, request: TraceRequest, sink: Sink): Reader {
  if (request.summary) {
    const summary = new TraceSummary();
    return {
      event: (event) => {
        if (event.kind === 'call') summary.add(event);
      },
      end: (trace) => summary.print(sink, { json: request.json || ctx.json !== undefined, lost: trace.lost }),
    };
  }
  if (request.json || ctx.json !== undefined) {
    const lines = new JsonLines(sink);
    return { event: (event) => lines.event(event), end: (trace) => lines.end(trace.lost) };
  }
  const times = (['none', 'seconds', 'microseconds', 'unix'] as const)[Math.min(request.times, 3)]!;
  const text = new TraceText(sink, {
    time: request.relative ? 'relative' : times,
    duration: request.durations,
    whole: request.trace.limit !== undefined,
    zoneSeconds: new Date().getTimezoneOffset() * 60,
  });
  let reported = 0;
  return {
    event: (event) => {
      if (event.kind !== 'call') return;
      reported += event.facts.lostBefore;
      text.call(event);
    },
    end: (trace) => {
      if (trace.lost > reported) text.lost(trace.lost - reported);
    },
  };
}

async function readAll(trace: BpfTrace, to: { reader: Reader; sink: Sink; count?: number }): Promise<void> {
  const { reader, sink, count = Number.POSITIVE_INFINITY } = to;
  let calls = 0;
  for await (const events of trace.batches()) {
    for (const event of events) {
      if (event.kind === 'call' && ++calls > count) break;
      reader.event(event);
    }
    // Whoever reads a pipe sees each call soon.
    sink.flush();
    if (calls >= count) return;
  }
}

/** The command's own status: that of its end, or 128 and the signal; 0 where there was no command. */
async function statusOf(ctx: Context, trace: BpfTrace, signals: SignalWatch): Promise<number> {
  let end: Awaited<typeof trace.commandEnd>;
  try {
    end = await Promise.race([trace.commandEnd, signals.impatience(trace)]);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    ctx.error(
      `can't run ${path ?? 'the command'}: ${code === 'ENOENT' ? 'it was not found' : code === 'EACCES' ? 'it may not be executed' : (error as Error).message}`,
    );
    return code === 'ENOENT' ? 127 : 126;
  }
  if (end.signal !== undefined) return 128 + signalNumber(end.signal);
  return end.status ?? 0;
}

function signalNumber(name: string): number {
  return os.constants.signals[name as NodeJS.Signals];
}

/** Signals that end a trace, and timers; the rest of the run is not ended by them. */
class SignalWatch {
  readonly #names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  #stop: ((name: NodeJS.Signals) => void) | undefined;
  #seen: NodeJS.Signals | undefined;
  #timer: NodeJS.Timeout | undefined;

  listen(stop: () => void): void {
    this.#stop = (name) => {
      this.#seen = name;
      stop();
    };
    for (const name of this.#names) process.on(name, this.#stop);
  }

  after(milliseconds: number, stop: () => void): void {
    this.#timer = setTimeout(stop, milliseconds);
  }

  /** Where the trace was ended before its command: the command hears of it too, and is waited for only a while. */
  impatience(trace: BpfTrace): Promise<{ status: number | undefined; signal: string | undefined }> {
    const seen = this.#seen;
    const pid = trace.commandPid;
    if (seen === undefined || pid === undefined) {
      return new Promise(() => undefined);
    }
    return new Promise((resolve) => {
      // From a terminal the command got it as well.
      setTimeout(() => {
        try {
          process.kill(pid, seen);
        } catch {
          // it has ended
        }
        setTimeout(() => resolve({ status: undefined, signal: seen }), 1000);
      }, 200);
    });
  }

  close(): void {
    if (this.#stop) for (const name of this.#names) process.off(name, this.#stop);
    clearTimeout(this.#timer);
  }
}

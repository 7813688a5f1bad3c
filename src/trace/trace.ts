import { spawn } from 'node:child_process';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { ClosedError, SyscallError, UsageError } from '../errors/index.ts';
import { type RecordSource, vmlinuxBtf } from '../kernel/index.ts';
import { CLOCK_MONOTONIC, CLOCK_REALTIME, type Kernel } from '../sys/index.ts';
import { bpf_cmd } from '../uapi/index.ts';
import { TraceDecoder } from './decoder.ts';
import type { TraceEvent } from './event.ts';
import type { TraceSelection } from './plans.ts';
import type { ObjectFilter } from './programs/fragments.ts';
import { TraceSession } from './session.ts';

/** A program to run, whose calls are traced from its first on. */
export interface TracedCommand {
  readonly file: string;
  readonly args?: readonly string[];
  /** Ids that it runs with; this process's own unless given. Supplementary groups go with them. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** What is traced, and how. */
export interface TraceOptions {
  /** Processes to follow, with their threads and children, later ones too; without and without a command: the whole machine. */
  readonly pids?: readonly number[];
  readonly command?: TracedCommand;
  /** Commands of bpf(2) by name (`MAP_UPDATE_ELEM`, `BPF_` before it or not), `perf_event_open` and `ioctl`; all unless given. */
  readonly commands?: readonly string[];
  /** Only calls that concern one of these maps or programs, by id or name. */
  readonly maps?: readonly (number | string)[];
  readonly programs?: readonly (number | string)[];
  /** Only calls of processes with one of these names. */
  readonly comms?: readonly string[];
  /** Only calls that failed. */
  readonly failedOnly?: boolean;
  /** The most bytes of a key, value or buffer; 4096 unless given. `all`: up to 2 MiB. */
  readonly limit?: number | 'all';
  /** Read no keys, values or other contents. */
  readonly withoutContents?: boolean;
  /** Also read a program's instructions, the verifier's log of a refused load, types that the kernel refused. */
  readonly instructions?: boolean;
  readonly log?: boolean;
  readonly types?: boolean;
  /** Bytes of the ring between kernel and reader, a power of two of at least 4096; 32 MiB unless given. */
  readonly ringSize?: number;
  /** Ends the trace. */
  readonly signal?: AbortSignal;
}

const defaultLimit = 4096;
const defaultRing = 1 << 25;
/** The least time between two looks into the ring: each look that finds all makes the kernel wake the reader again. */
const pauseMs = 10;
const eventsAtOnce = 128;

/**
 * Traces bpf(2) calls, perf_event_open(2), and the ioctl(2)s of perf events, as they happen. It begins at once. Throws UsageError for options
 * that cannot be meant, SyscallError, VerifierError and NotSupportedError where the kernel refuses, with nothing left. Close it, or
 * iterate to the end.
 */
export function traceBpf(kernel: Kernel, options: TraceOptions = {}): BpfTrace {
  return new BpfTrace(kernel, options);
}

/** How a traced command ended. */
export interface CommandEnd {
  readonly status: number | undefined;
  /** By its name, `SIGTERM`. */
  readonly signal: string | undefined;
}

/** A trace under way: its events in the order in which calls ended. The kernel forgets it when this process ends, however it does. */
export class BpfTrace implements AsyncIterable<TraceEvent>, Disposable {
  readonly #session: TraceSession;
  readonly #records: RecordSource<TraceEvent>;
  readonly #end = new AbortController();
  /** Ends the wait for records: the command may have ended without one. */
  #wait = new AbortController();
  readonly #live = new Set<number>();
  readonly #isMachine: boolean;
  #child: ReturnType<typeof spawn> | undefined;
  #childRuns = false;
  /** Of those records, how many were made up for. */
  #lostProcesses = 0;
  #lostAtEnd = 0;
  #missedAtEnd = 0;
  #isClosed = false;
  #isRead = false;
  /** Resolves when the command has ended; at once where there is none. Rejects where it could not be started. */
  readonly commandEnd: Promise<CommandEnd>;

  constructor(kernel: Kernel, options: TraceOptions) {
    const { pids = [], command, signal } = options;
    const selection = selectionOf(options);
    this.#isMachine = pids.length === 0 && command === undefined;
    this.#session = new TraceSession(kernel, {
      follow: this.#isMachine ? 'machine' : pids,
      ownChildren: command !== undefined,
      selection,
      filter: {
        comms: options.comms ?? [],
        failedOnly: options.failedOnly === true,
        objects: [...objectFilters('map', options.maps), ...objectFilters('prog', options.programs)],
      },
      limit: limitOf(options),
      ringSize: ringSizeOf(options),
    });
    const decoder = new TraceDecoder({
      selection,
      clockOffset: kernel.clock(CLOCK_REALTIME) - kernel.clock(CLOCK_MONOTONIC),
      cpus: this.#session.cpus,
      kernelTypes: once(() => vmlinuxBtf(kernel)),
    });
    this.#records = this.#session.ring.source((memory, at, length) => decoder.accept(memory, at, length));
    try {
      // Processes that end from now on are reported.
      for (const pid of pids) this.#live.add(existing(kernel, pid));
    } catch (error) {
      this.#session.close();
      throw error;
    }
    if (signal?.aborted) this.#end.abort();
    else signal?.addEventListener('abort', () => this.stop(), { once: true, signal: this.#end.signal });
    this.commandEnd =
      command === undefined ? Promise.resolve({ status: undefined, signal: undefined }) : this.#start(command);
    // Whoever does not wait for it must not be ended by it.
    this.commandEnd.catch(() => this.stop());
  }

  #start({ file, args = [], user }: TracedCommand): Promise<CommandEnd> {
    this.#childRuns = true;
    return new Promise((resolve, reject) => {
      const child = spawn(file, args, { stdio: 'inherit', ...user });
      this.#child = child;
      if (child.pid !== undefined) this.#live.add(child.pid);
      this.#session.ignoreNewChildren();
      child.on('error', (error) => {
        this.#childRuns = false;
        this.#wait.abort();
        reject(error);
      });
      child.on('exit', (status, signal) => {
        this.#childRuns = false;
        this.#wait.abort();
        resolve({ status: status ?? undefined, signal: signal ?? undefined });
      });
    });
  }

  /** The process of the command. */
  get commandPid(): number | undefined {
    return this.#child?.pid;
  }

  /** Calls that nobody saw so far, because the ring was full or too many threads were in one. */
  get lost(): number {
    return this.#isClosed ? this.#lostAtEnd : this.#session.lost;
  }

  /** Calls that the kernel did not show, because another program ran on the same processor. Asks the kernel; 0 where it does not count them. */
  get missed(): number {
    return this.#isClosed ? this.#missedAtEnd : this.#session.missed;
  }

  /** Raw tracepoints are used, since there is no tracefs: each system call of the machine costs a little more. */
  get isRaw(): boolean {
    return this.#session.isRaw;
  }

  /** Ends the trace after the events that are there already. */
  stop(): void {
    this.#end.abort();
    this.#wait.abort();
  }

  /** Events as they come, many at once: cheaper than one by one. Either this or the iteration, once. */
  async *batches(): AsyncGenerator<readonly TraceEvent[], void, undefined> {
    this.#checkOpen();
    if (this.#isRead) throw new UsageError('a trace is read once');
    this.#isRead = true;
    const { signal } = this.#end;
    try {
      for (;;) {
        // What is there now still belongs to the trace.
        const isLast = signal.aborted || this.#isOver();
        for (;;) {
          const events = this.#take();
          if (events.length > 0) yield events;
          if (this.#isClosed) return;
          if (events.length < eventsAtOnce) break;
          await setImmediate();
        }
        if (isLast) return;
        // The last of them may have ended with the events just taken.
        if (this.#isOver()) continue;
        if (!this.#wait.signal.aborted) await this.#records.ready(this.#wait.signal);
        this.#wait = new AbortController();
        if (!signal.aborted) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      this.close();
    }
  }

  #take(): TraceEvent[] {
    const events: TraceEvent[] = [];
    while (events.length < eventsAtOnce) {
      const event = this.#records.take();
      if (event === undefined) break;
      if (event.kind === 'fork') this.#live.add(event.pid);
      else if (event.kind === 'exit') this.#live.delete(event.pid);
      events.push(event);
    }
    return events;
  }

  /** Nobody who is followed is left. Records that were lost are made up for by asking the kernel. */
  #isOver(): boolean {
    if (this.#isMachine || this.#childRuns) return false;
    const { lostProcesses } = this.#session;
    if (lostProcesses !== this.#lostProcesses) this.#live.clear();
    this.#lostProcesses = lostProcesses;
    if (this.#live.size > 0) return false;
    for (const pid of this.#session.followed()) this.#live.add(pid);
    return this.#live.size === 0;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TraceEvent, void, undefined> {
    for await (const events of this.batches()) yield* events;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError('trace');
  }

  /** Ends the iteration, and leaves nothing in the kernel; a command goes on. Closing again does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#end.abort();
    this.#lostAtEnd = this.#session.lost;
    try {
      this.#missedAtEnd = this.#session.missed;
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
    }
    this.#isClosed = true;
    this.#session.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The process, which has to be there and to be no thread of another. */
function existing(kernel: Kernel, pid: number): number {
  let status: string;
  try {
    status = kernel.readText(`/proc/${pid}/status`);
  } catch (error) {
    if (error instanceof SyscallError) throw new UsageError(`there is no process ${pid}`);
    throw error;
  }
  const process = Number(/^Tgid:\t(\d+)$/m.exec(status)?.[1]);
  if (process !== pid) throw new UsageError(`${pid} is a thread of process ${process}`);
  return pid;
}

function once<T>(make: () => T): () => T | undefined {
  let made: { value: T | undefined } | undefined;
  return () => {
    if (made === undefined) {
      made = { value: undefined };
      try {
        made = { value: make() };
      } catch {
        // Without the kernel's types values are shown as bytes.
      }
    }
    return made.value;
  };
}

function selectionOf(options: TraceOptions): TraceSelection {
  const { commands } = options;
  const set = new Set<'instructions' | 'log' | 'types'>();
  for (const option of ['instructions', 'log', 'types'] as const) if (options[option]) set.add(option);
  const rest = { contents: options.withoutContents !== true, options: set };
  if (commands === undefined || commands.length === 0) return { commands: undefined, perfEvents: true, ...rest };
  const numbers = new Set<number>();
  let perfEvents = false;
  for (const name of commands) {
    if (/^(perf_event_open|ioctl)$/i.test(name)) perfEvents = true;
    else for (const number of commandNumbers(name)) numbers.add(number);
  }
  return { commands: numbers, perfEvents, ...rest };
}

/** Numbers of a command by name, with or without `BPF_`, in any case, `*` for any text. UsageError where there is none. */
function commandNumbers(name: string): number[] {
  const pattern = new RegExp(`^(BPF_)?${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i');
  const found = Object.entries(bpf_cmd).flatMap(([known, number]) => (pattern.test(known) ? [number] : []));
  if (found.length === 0) throw new UsageError(`'${name}' is no command of bpf(2), nor perf_event_open or ioctl`);
  return found;
}

function objectFilters(kind: ObjectFilter['kind'], selection: readonly (number | string)[] = []): ObjectFilter[] {
  return selection.map((object) => (typeof object === 'number' ? { kind, id: object } : { kind, name: object }));
}

function limitOf({ limit = defaultLimit }: TraceOptions): number {
  if (limit === 'all') return 1 << 21;
  if (!Number.isInteger(limit) || limit < 0) throw new UsageError(`limit: ${limit} is no number of bytes`);
  return Math.min(limit, 1 << 21);
}

function ringSizeOf({ ringSize = defaultRing }: TraceOptions): number {
  const isPower =
    Number.isInteger(ringSize) && ringSize >= 4096 && ringSize <= 2 ** 30 && (ringSize & (ringSize - 1)) === 0;
  if (!isPower) throw new UsageError(`ringSize: ${ringSize} is no power of two from 4096 to 2^30`);
  return ringSize;
}

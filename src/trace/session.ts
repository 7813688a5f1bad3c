import { createMap, ElementCalls, loadProgram, openRawTracepoint, updateElement } from '../bpf/index.ts';
import { Errno, SyscallError, VerifierError } from '../errors/index.ts';
import { mounts, possibleCpus } from '../host/index.ts';
import type { Statement } from '../insn/index.ts';
import { BpfProgram, liftMemoryLimit, perfEventAttribute, RingBuffer } from '../kernel/index.ts';
import {
  checkResult,
  type Fd,
  type Kernel,
  type MappedMemory,
  PROT_READ,
  PROT_WRITE,
  SC_PAGESIZE,
  syscallError,
} from '../sys/index.ts';
import {
  BPF_F_MMAPABLE,
  bpf_map_type as types,
  bpf_prog_type,
  PERF_EVENT_IOC_SET_BPF,
  PERF_FLAG_FD_CLOEXEC,
  perf_type_id,
} from '../uapi/index.ts';
import { calibrate } from './calibrate.ts';
import { callNames, TracedCall } from './calls.ts';
import { Descriptors } from './descriptors.ts';
import { Counter, Plan, PlanIndex, slotSize } from './format.ts';
import { type KernelLayout, readKernelLayout } from './kernel-layout.ts';
import { encodePlans, type TraceSelection } from './plans.ts';
import { assembleProgram } from './programs/assemble.ts';
import { enterProgram } from './programs/enter.ts';
import { exitProgram } from './programs/exit.ts';
import { Followed, type ProgramFilter, type ProgramShape, type TraceMap } from './programs/fragments.ts';
import { forkProgram, threadEndProgram } from './programs/processes.ts';

export interface SessionRequest {
  /** Processes to follow, with the children they make; or all of the machine but this one. */
  readonly follow: 'machine' | readonly number[];
  /** Also follow the children that this process makes. */
  readonly ownChildren: boolean;
  readonly selection: TraceSelection;
  readonly filter: ProgramFilter;
  /** The most bytes of one key, value or buffer. */
  readonly limit: number;
  /** Bytes of the ring, a power of two of pages. */
  readonly ringSize: number;
}

/** The most threads that may be in a call at once. */
const threads = 2048;
const processes = 8192;
const knownTypes = 4096;

/**
 * The tracer's programs and maps in the kernel. They are attached when this is made, and gone when it is closed or its
 * process ends in whichever way. Throws SyscallError, VerifierError and NotSupportedError, with nothing left.
 */
export class TraceSession implements Disposable {
  readonly #kernel: Kernel;
  readonly #own: Descriptors;
  readonly #maps: Readonly<Record<TraceMap, Fd>>;
  readonly #counters: BigUint64Array;
  readonly #programs: Fd[] = [];
  readonly ring: RingBuffer;
  /** Tracepoints of single system calls could not be had: raw ones see every call of the machine. */
  readonly isRaw: boolean;
  readonly cpus: number;

  constructor(kernel: Kernel, request: SessionRequest) {
    this.#kernel = kernel;
    this.#own = new Descriptors(kernel);
    try {
      liftMemoryLimit(kernel);
      this.cpus = possibleCpus(kernel);
      this.#maps = this.#createMaps(request);
      const memory = this.#own.keep(mapCounters(kernel, this.#maps.counters));
      this.#counters = new BigUint64Array(memory.buffer, 0, Counter.size / 8);
      const layout = readKernelLayout(kernel);
      this.ring = this.#own.keep(new RingBuffer(kernel, this.#maps.ring.number));
      this.#fill(request);
      const points = tracepointIds(kernel);
      this.isRaw = points === undefined;
      this.#attach(this.#shape(request, layout), request, points);
    } catch (error) {
      this.#own[Symbol.dispose]();
      throw error;
    }
  }

  /** Calls that could not be sent so far. */
  get lost(): number {
    return Number(Atomics.load(this.#counters, Counter.lost / 8));
  }

  /** Calls that the kernel did not show, because another program ran on the processor then. Asks the kernel. */
  get missed(): number {
    return this.#programs.reduce((sum, fd) => {
      const program = new BpfProgram(this.#kernel, this.#kernel.duplicate(fd.number), { isKnown: true });
      try {
        return sum + Number(program.info().recursionMisses);
      } finally {
        program.close();
      }
    }, 0);
  }

  #createMaps({ ringSize }: SessionRequest): Readonly<Record<TraceMap, Fd>> {
    const make = (
      name: TraceMap,
      type: number,
      sizes: { keySize?: number; valueSize?: number; maxEntries?: number; flags?: number },
    ) => {
      const fd = createMap(this.#kernel, { type, name: `trace_${name}`, ...sizes });
      return this.#own.take(`bpf(MAP_CREATE) of the tracer's ${name}`, fd);
    };
    return {
      ring: make('ring', types.BPF_MAP_TYPE_RINGBUF, { keySize: 0, valueSize: 0, maxEntries: ringSize }),
      slots: make('slots', types.BPF_MAP_TYPE_HASH, { valueSize: slotSize, maxEntries: threads }),
      zero: make('zero', types.BPF_MAP_TYPE_ARRAY, { valueSize: slotSize }),
      followed: make('followed', types.BPF_MAP_TYPE_HASH, { maxEntries: processes }),
      sent: make('sent', types.BPF_MAP_TYPE_HASH, { maxEntries: knownTypes }),
      plans: make('plans', types.BPF_MAP_TYPE_ARRAY, { valueSize: Plan.size, maxEntries: PlanIndex.count }),
      counters: make('counters', types.BPF_MAP_TYPE_ARRAY, { valueSize: Counter.size, flags: BPF_F_MMAPABLE }),
    };
  }

  #fill({ follow, ownChildren, selection }: SessionRequest): void {
    const plans = encodePlans(selection);
    for (let index = 0; index < PlanIndex.count; index++) {
      const value = plans.subarray(index * Plan.size, (index + 1) * Plan.size);
      this.#set(this.#maps.plans, index, value);
    }
    const state = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
    if (follow !== 'machine') for (const pid of follow) this.#set(this.#maps.followed, pid, state(Followed.yes));
    if (ownChildren) this.#set(this.#maps.followed, process.pid, state(Followed.childrenOnly));
  }

  /** How many records of processes that came or went found no room in the ring. */
  get lostProcesses(): number {
    return Number(Atomics.load(this.#counters, Counter.lostProcesses / 8));
  }

  /** Processes that are followed now. Asks the kernel. */
  followed(): number[] {
    const pids: number[] = [];
    const calls = new ElementCalls(this.#kernel);
    const { number } = this.#maps.followed;
    let key: Uint8Array | undefined;
    for (;;) {
      const next = new Uint8Array(4);
      if (calls.nextKey(number, key, next) < 0) return pids;
      const pid = new DataView(next.buffer).getUint32(0, true);
      if (pid !== process.pid) pids.push(pid);
      // A process that ended meanwhile begins the walk again.
      if (pids.length > processes) return pids;
      key = next;
    }
  }

  /** The children that this process makes from now on are not followed. */
  ignoreNewChildren(): void {
    this.#set(this.#maps.followed, process.pid, new Uint8Array(4));
  }

  #set(map: Fd, key: number, value: Uint8Array): void {
    const element = { key: new Uint8Array(Uint32Array.of(key).buffer), value };
    checkResult('bpf(MAP_UPDATE_ELEM)', updateElement(this.#kernel, map.number, element));
  }

  #shape({ follow, filter, limit }: SessionRequest, layout: KernelLayout): ProgramShape {
    const counters = this.#maps.counters.number;
    const read = (at: number) => Atomics.load(this.#counters, at / 8);
    const { operations, pidLevel } = calibrate(this.#kernel, { layout, counters, read });
    const allBut = follow === 'machine' ? process.pid : undefined;
    return {
      layout,
      operations,
      pidLevel,
      raw: this.isRaw,
      allBut,
      filter,
      limit,
      cpus: this.cpus,
      probeTypes: probeTypes(this.#kernel),
    };
  }

  #attach(shape: ProgramShape, { selection, follow }: SessionRequest, points: TracepointIds | undefined): void {
    this.#attachRaw('sched_process_exit', this.#load('trace_end', threadEndProgram(shape), { raw: true }));
    if (follow !== 'machine') {
      this.#attachRaw('sched_process_fork', this.#load('trace_fork', forkProgram(shape), { raw: true }));
    }
    const { raw } = shape;
    for (const traced of Object.values(TracedCall)) {
      if (traced !== TracedCall.bpf && !selection.perfEvents) continue;
      const name = callNames[traced].slice(0, 5);
      // The end first, so that no call is noted whose end nobody sees.
      const end = this.#load(`trace_exit_${name}`.slice(0, 15), exitProgram(shape, traced), { raw });
      const begin = this.#load(`trace_enter_${name}`.slice(0, 15), enterProgram(shape, traced), { raw });
      if (points === undefined) {
        this.#attachRaw('sys_exit', end);
        this.#attachRaw('sys_enter', begin);
      } else {
        this.#attachTracepoint(points[traced]!.exit, end);
        this.#attachTracepoint(points[traced]!.enter, begin);
      }
    }
  }

  #load(name: string, statements: readonly Statement[], { raw }: { readonly raw: boolean }): Fd {
    const numbers = Object.fromEntries(Object.entries(this.#maps).map(([map, fd]) => [map, fd.number]));
    const request = {
      code: assembleProgram(statements, numbers),
      type: raw ? bpf_prog_type.BPF_PROG_TYPE_RAW_TRACEPOINT : bpf_prog_type.BPF_PROG_TYPE_TRACEPOINT,
      name,
    };
    const fd = loadProgram(this.#kernel, request);
    if (fd < 0 && fd !== -Errno.EPERM) throw this.#refused(request, fd);
    const program = this.#own.take(`bpf(PROG_LOAD) of the tracer's program ${name}`, fd);
    this.#programs.push(program);
    return program;
  }

  /** Loads once more, to hear from the verifier why not. */
  #refused(request: Parameters<typeof loadProgram>[1], result: number): VerifierError {
    const log = new Uint8Array(1 << 24);
    const again = loadProgram(this.#kernel, { ...request, logLevel: 1, log });
    if (again >= 0) this.#kernel.close(again);
    const text = Buffer.from(log.subarray(0, log.indexOf(0))).toString('latin1');
    const last = text
      .trimEnd()
      .split('\n')
      .filter((line) => !/^(processed|max_states|peak_states|mark_read)/.test(line))
      .at(-1);
    const message = `the kernel refuses the tracer's program ${request.name}: ${last ?? syscallError('bpf', result).message}`;
    return new VerifierError(message, -result, text);
  }

  #attachRaw(name: string, program: Fd): void {
    this.#own.take(`attaching to raw tracepoint ${name}`, openRawTracepoint(this.#kernel, program.number, name));
  }

  /** The event itself counts nothing, it is only where the program hangs. */
  #attachTracepoint(id: number, program: Fd): void {
    const attribute = perfEventAttribute(perf_type_id.PERF_TYPE_TRACEPOINT).set('config', id).set('disabled', 1);
    const target = { pid: -1, cpu: 0, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC };
    const fd = this.#own.take('perf_event_open', this.#kernel.perfEventOpen(attribute, target));
    checkResult('ioctl(PERF_EVENT_IOC_SET_BPF)', this.#kernel.ioctl(fd.number, PERF_EVENT_IOC_SET_BPF, program.number));
  }

  close(): void {
    this.#own[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Types of the events that are made on functions of the kernel and of programs, where there are such. */
function probeTypes(kernel: Kernel): number[] {
  return ['kprobe', 'uprobe'].flatMap((name) => {
    try {
      return [Number(kernel.readText(`/sys/bus/event_source/devices/${name}/type`))];
    } catch (error) {
      if (error instanceof SyscallError) return [];
      throw error;
    }
  });
}

function mapCounters(kernel: Kernel, counters: Fd): MappedMemory {
  const length = kernel.systemConfiguration(SC_PAGESIZE);
  const memory = kernel.map({ fd: counters.number, length, protection: PROT_READ | PROT_WRITE });
  if (typeof memory === 'number') throw syscallError('mmap', memory);
  return memory;
}

type TracepointIds = readonly { readonly enter: number; readonly exit: number }[];

/** Numbers of the tracepoints of each traced call; undefined where no tracefs shows them. */
function tracepointIds(kernel: Kernel): TracepointIds | undefined {
  for (const root of tracefsPlaces(kernel)) {
    try {
      return callNames.map((name) => {
        const read = (when: string) => Number(kernel.readText(`${root}/events/syscalls/sys_${when}_${name}/id`));
        return { enter: read('enter'), exit: read('exit') };
      });
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
    }
  }
  return undefined;
}

function tracefsPlaces(kernel: Kernel): string[] {
  const mounted = mounts(kernel)
    .filter(({ type }) => type === 'tracefs')
    .map(({ target }) => target);
  return [...new Set(['/sys/kernel/tracing', '/sys/kernel/debug/tracing', ...mounted])];
}

import { Errno, strerror, SyscallError } from '../../errors/index.ts';
import { possibleCpuNumbers } from '../../host/index.ts';
import { type BpfMap, type CounterKind, openCounter } from '../../kernel/index.ts';
import { type DiagnosticLog, errorText, ObjectError } from '../../object/index.ts';
import { checkResult, type Kernel } from '../../sys/index.ts';
import { PERF_EVENT_IOC_ENABLE } from '../../uapi/index.ts';
import type { LoadedLink } from '../attach/link.ts';
import { attachTrace } from '../attach/trace.ts';
import { loadObject } from '../load.ts';
import type { LoadedObject } from '../loaded-object.ts';
import { profileObject } from './object.ts';
import { readingSize } from './programs.ts';
import type { ProfileTarget } from './target.ts';

/** What a counter went up by while the program ran, on all CPUs. */
export interface ProfileReading {
  readonly value: bigint;
  /** Nanoseconds that the counter was to count, and that it did. */
  readonly enabled: bigint;
  readonly running: bigint;
}

/** Counters of a profiler, by CPU. */
export interface ProfileReadings {
  readonly runs: bigint;
  /** In the order in which the counters were given. */
  readonly readings: readonly ProfileReading[];
}

/** Which program is profiled, by which counters. */
export interface ProfilerRequest {
  readonly target: ProfileTarget;
  readonly counters: readonly CounterKind[];
  /** Receives libbpf's diagnostics, without prefix and final newline. */
  readonly log?: DiagnosticLog;
}

/** A counter that could not be had. */
export class CounterRefused extends SyscallError {
  /** Position among the counters. */
  readonly counter: number;
  readonly cpu: number;

  constructor(place: { counter: number; cpu: number }, { call, errno, errnoName }: SyscallError) {
    super(call, errno, errnoName, strerror(errno));
    this.counter = place.counter;
    this.cpu = place.cpu;
  }
}

/**
 * Counts what happens while a program runs: programs at the beginning and the end of its function read counters.
 * First `openCounters`, then `attach`, and after a while `read`. Nothing is left once it is closed.
 */
export class Profiler implements Disposable {
  readonly #kernel: Kernel;
  readonly #log: DiagnosticLog;
  readonly #counters: readonly CounterKind[];
  readonly #object: LoadedObject;
  readonly #cpus: readonly number[];
  readonly #stride: number;
  #events: number[] = [];
  #links: LoadedLink[] = [];

  /** Loads the programs. ObjectError or VerifierError, after libbpf's warnings, where the kernel refuses them. */
  constructor(kernel: Kernel, request: ProfilerRequest) {
    const { log = () => undefined, target, counters } = request;
    this.#kernel = kernel;
    this.#log = log;
    this.#counters = counters;
    this.#cpus = possibleCpuNumbers(kernel);
    this.#stride = (this.#cpus.at(-1) ?? 0) + 1;
    const spec = profileObject({ counters: counters.length, stride: this.#stride });
    const onTarget = { program: target.fd, typeId: target.typeId };
    this.#object = loadObject(kernel, spec, {
      log,
      targets: new Map(spec.programs.map(({ name }) => [name, onTarget])),
    });
  }

  /** Opens each counter on each CPU; `offline` hears of those that a CPU does not have now. Throws CounterRefused. */
  openCounters(offline: (counter: number, cpu: number) => void): void {
    const map = this.#map('events');
    for (const [counter, kind] of this.#counters.entries()) {
      for (const cpu of this.#cpus) {
        const fd = openCounter(this.#kernel, kind, cpu);
        if (fd === -Errno.ENODEV) offline(counter, cpu);
        else this.#keep(map, fd, { counter, cpu });
      }
    }
  }

  #keep(map: BpfMap, fd: number, place: { counter: number; cpu: number }): void {
    try {
      this.#events.push(checkResult('perf_event_open', fd));
      const slot = place.counter * this.#stride + place.cpu;
      checkResult('bpf(MAP_UPDATE_ELEM)', map.tryUpdate(bytesOf(Uint32Array.of(slot)), bytesOf(Int32Array.of(fd))));
      checkResult('ioctl(PERF_EVENT_IOC_ENABLE)', this.#kernel.ioctl(fd, PERF_EVENT_IOC_ENABLE, 0));
    } catch (cause) {
      if (!(cause instanceof SyscallError)) throw cause;
      throw new CounterRefused(place, cause);
    }
  }

  /** From now on runs are counted. ObjectError, after libbpf's warnings, where the kernel refuses. */
  attach(): void {
    const log = this.#log;
    for (const program of this.#object.programs) {
      try {
        this.#links.push(attachTrace({ kernel: this.#kernel, log }, program));
      } catch (error) {
        if (error instanceof ObjectError) {
          log('warn', `prog '${program.name}': failed to auto-attach: ${errorText(error.errno)}`);
        }
        throw error;
      }
    }
  }

  /** Ends the counting and answers what was counted. Throws SyscallError. */
  read(): ProfileReadings {
    this.#detach();
    const counts = this.#map('counts');
    const accumulated = this.#map('accum_readings');
    const runs = this.#sums(counts, { index: 0, valueSize: 8 })[0]!;
    const readings = this.#counters.map((_, index) => {
      const [value, enabled, running] = this.#sums(accumulated, { index, valueSize: readingSize });
      return { value: value!, enabled: enabled!, running: running! };
    });
    return { runs, readings };
  }

  /** The 8-byte numbers of an element, each summed up over all CPUs. */
  #sums(map: BpfMap, { index, valueSize }: { index: number; valueSize: number }): bigint[] {
    const numbers = valueSize / 8;
    const values = new BigUint64Array(numbers * this.#cpus.length);
    const into = new Uint8Array(values.buffer);
    checkResult('bpf(MAP_LOOKUP_ELEM)', map.tryLookup(bytesOf(Uint32Array.of(index)), into));
    return Array.from({ length: numbers }, (_, at) =>
      values.reduce((sum, value, i) => (i % numbers === at ? BigInt.asUintN(64, sum + value) : sum), 0n),
    );
  }

  #map(name: string): BpfMap {
    return this.#object.map(name)!;
  }

  #detach(): void {
    for (const link of this.#links.splice(0).reverse()) link.close();
    for (const fd of this.#events.splice(0)) this.#kernel.close(fd);
  }

  close(): void {
    this.#detach();
    this.#object.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function bytesOf(words: Uint32Array | Int32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}

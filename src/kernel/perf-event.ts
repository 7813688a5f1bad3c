import { expectInteger, expectObject } from '../bytes/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { checkResult, defaultKernel, Fd, type Kernel } from '../sys/index.ts';
import {
  PERF_EVENT_IOC_DISABLE,
  PERF_EVENT_IOC_ENABLE,
  PERF_FLAG_FD_CLOEXEC,
  perfEventNames,
  perfEventNumbers,
} from '../uapi/index.ts';
import { perfEventAttribute } from './counter.ts';
import type { InKernel } from './new-map.ts';

/** Which perf event: what happens, how often it counts as happened, to whom. */
export interface PerfEventRequest {
  /** A name as perf(1) has it, `cpu-clock`, `page-faults`, `cpu-cycles` …, or its numbers: `enum perf_type_id` and `config`. */
  readonly event: string | { readonly type: number; readonly config: bigint };
  /** Times a second, as near as the kernel can. Else `period`. */
  readonly frequency?: number;
  /** Once in so many: nanoseconds of a clock, events of others. */
  readonly period?: number;
  /** Of this CPU only; 0 unless given where there is no `pid`. */
  readonly cpu?: number;
  /** Of this process only, 0 for the calling thread; all processes unless given. */
  readonly pid?: number;
}

/** An open perf event: a counter, and something to attach a program to. */
export class PerfEvent implements Disposable {
  readonly fd: Fd;
  readonly #kernel: Kernel;

  /** Takes over `fd`. */
  constructor(kernel: Kernel, fd: number) {
    this.#kernel = kernel;
    this.fd = new Fd(kernel, fd);
  }

  enable(): void {
    checkResult('enable the perf event', this.#kernel.ioctl(this.fd.number, PERF_EVENT_IOC_ENABLE, 0));
  }

  disable(): void {
    checkResult('disable the perf event', this.#kernel.ioctl(this.fd.number, PERF_EVENT_IOC_DISABLE, 0));
  }

  /** How often it happened, or for how many nanoseconds. */
  read(): bigint {
    const value = new BigUint64Array(1);
    checkResult('read the perf event', this.#kernel.read(this.fd.number, new Uint8Array(value.buffer)));
    return value[0]!;
  }

  close(): void {
    this.fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens a perf event by name. UsageError for what means nothing, SyscallError where the kernel refuses. */
export function openPerfEvent(request: PerfEventRequest, { kernel = defaultKernel() }: InKernel = {}): PerfEvent {
  expectObject(request, "a perf event is described by an object, as { event: 'cpu-clock' }");
  const { event, frequency, period, cpu, pid } = request;
  const known = typeof event === 'string' ? perfEventNumbers(event) : event;
  if (typeof known?.config !== 'bigint' || !Number.isInteger(known.type)) {
    throw new UsageError(`there is no perf event '${String(event)}': it is ${perfEventNames().join(', ')}`);
  }
  if (frequency !== undefined && period !== undefined)
    throw new UsageError('a perf event has a frequency or a period: give one');
  const attr = perfEventAttribute(known.type).set('config', known.config);
  if (frequency !== undefined) {
    expectInteger(frequency, 'frequency', { least: 1 });
    attr.set('freq', 1).set('sample_freq', frequency);
  } else if (period !== undefined) {
    expectInteger(period, 'period', { least: 1, most: Number.MAX_SAFE_INTEGER });
    attr.set('sample_period', period);
  }
  if (cpu !== undefined) expectInteger(cpu, 'cpu', { most: 0x7fff_ffff });
  if (pid !== undefined) expectInteger(pid, 'pid', { most: 0x7fff_ffff });
  const target = { pid: pid ?? -1, cpu: cpu ?? (pid === undefined ? 0 : -1), groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC };
  const fd = kernel.perfEventOpen(attr, target);
  const hint =
    fd === -Errno.ENOENT || fd === -Errno.EOPNOTSUPP
      ? ' (this machine has no such counter, as most virtual ones: try cpu-clock)'
      : '';
  return new PerfEvent(kernel, checkResult(`open the perf event${hint}`, fd));
}

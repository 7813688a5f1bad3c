import { cstr, toHex } from '../bytes/index.ts';
import { onlineCpus } from '../host/index.ts';
import { CLOCK_BOOTTIME, checkResult, type Kernel } from '../sys/index.ts';
import { PERF_FLAG_FD_CLOEXEC, perf_event_type, perf_sw_ids, perf_type_id } from '../uapi/index.ts';
import { perfEventAttribute } from './counter.ts';
import { closeRing, openRing, perfHeaderSize, type PerfRing, ringHead, takeRecord } from './perf-ring.ts';
import { Waiter } from './waiter.ts';

/**
 * The kernel has loaded a program or frees it, or could not deliver that so many times. `time`: nanoseconds since the
 * machine was started. `name` is empty where the kernel does not compile programs.
 */
export type ProgramEvent =
  | {
      readonly kind: 'load' | 'unload';
      readonly id: number;
      readonly tag: string;
      readonly name: string;
      readonly time: bigint;
    }
  | { readonly kind: 'lost'; readonly count: number };

const sampleTime = 1n << 2n;
/** Of each processor's ring; an event takes some 150 bytes, with the symbol that tells its name. */
const ringPages = 128;
const kinds: Readonly<Record<number, 'load' | 'unload' | undefined>> = { 1: 'load', 2: 'unload' };
/** Where the parts of the records begin. Source: linux/perf_event.h, PERF_RECORD_BPF_EVENT, PERF_RECORD_KSYMBOL. */
const eventTimeAt = perfHeaderSize + 16;
const symbolNameAt = perfHeaderSize + 16;

/**
 * Tells of every program that is loaded or freed from now on, also of those that live for microseconds. It takes no BPF
 * program, but CAP_PERFMON, and Linux 5.1.
 */
export class ProgramEvents implements Disposable {
  readonly #kernel: Kernel;
  readonly #rings: PerfRing[] = [];
  readonly #waiter: Waiter;
  /** Names by tag, of symbols that the kernel reported before the program itself. */
  readonly #names = new Map<string, string>();

  /** Throws SyscallError, with nothing left open. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#waiter = new Waiter(kernel);
    try {
      for (const cpu of onlineCpus(kernel)) this.#open(cpu);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(cpu: number): void {
    const attr = perfEventAttribute(perf_type_id.PERF_TYPE_SOFTWARE).set('config', perf_sw_ids.PERF_COUNT_SW_DUMMY);
    attr.set('sample_type', sampleTime).set('sample_id_all', 1).set('use_clockid', 1).set('clockid', CLOCK_BOOTTIME);
    attr.set('bpf_event', 1).set('ksymbol', 1).set('watermark', 1).set('wakeup_watermark', 1);
    const target = { pid: -1, cpu, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC };
    const fd = checkResult('perf_event_open', this.#kernel.perfEventOpen(attr, target));
    this.#rings.push(openRing(this.#kernel, fd, { pages: ringPages }));
    this.#waiter.add(fd);
  }

  /** Resolves when there may be events, `signal` aborts or this is closed. */
  ready(signal?: AbortSignal): Promise<void> {
    return this.#waiter.ready(signal);
  }

  /** What has happened since the last call, in the order of time. */
  take(): ProgramEvent[] {
    const found: ProgramEvent[] = [];
    for (const ring of this.#rings) {
      const head = ringHead(ring);
      for (let record = takeRecord(ring, head); record !== undefined; record = takeRecord(ring, head)) {
        const event = this.#decode(record);
        if (event !== undefined) found.push(event);
      }
    }
    const timeOf = (event: ProgramEvent) => (event.kind === 'lost' ? 0n : event.time);
    return found.sort((a, b) => Number(timeOf(a) - timeOf(b)));
  }

  #decode(record: Uint8Array<ArrayBuffer>): ProgramEvent | undefined {
    const view = new DataView(record.buffer);
    const type = view.getUint32(0, true);
    if (type === perf_event_type.PERF_RECORD_LOST && record.length >= 24) {
      return { kind: 'lost', count: Number(view.getBigUint64(16, true)) };
    }
    if (type === perf_event_type.PERF_RECORD_KSYMBOL) {
      const [, tag, name] = /^bpf_prog_([0-9a-f]{16})_(.*)$/.exec(cstr(record.subarray(symbolNameAt))) ?? [];
      // The first symbol is the program's, those after it are of its functions.
      if (tag !== undefined && name !== undefined) this.#names.set(tag, name);
      return undefined;
    }
    if (type !== perf_event_type.PERF_RECORD_BPF_EVENT || record.length < eventTimeAt + 8) return undefined;
    const kind = kinds[view.getUint16(perfHeaderSize, true)];
    if (kind === undefined) return undefined;
    const tag = toHex(record.subarray(perfHeaderSize + 8, perfHeaderSize + 16));
    const name = this.#names.get(tag) ?? '';
    this.#names.delete(tag);
    return {
      kind,
      id: view.getUint32(perfHeaderSize + 4, true),
      tag,
      name,
      time: view.getBigUint64(eventTimeAt, true),
    };
  }

  close(): void {
    this.#waiter.close();
    for (const ring of this.#rings.splice(0)) closeRing(this.#kernel, ring);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

import { updateElement } from '../bpf/index.ts';
import { onlineCpus } from '../host/index.ts';
import { checkResult, type Kernel, type MappedMemory, PROT_READ, PROT_WRITE, SC_PAGESIZE } from '../sys/index.ts';
import {
  PERF_EVENT_IOC_ENABLE,
  PERF_FLAG_FD_CLOEXEC,
  perf_event_mmap_page,
  perf_event_type,
  perf_sw_ids,
  perf_type_id,
} from '../uapi/index.ts';
import { perfEventAttribute } from './counter.ts';
import { Waiter } from './waiter.ts';

const sampleTime = 1n << 2n;
const sampleRaw = 1n << 10n;
const headIndex = perf_event_mmap_page.members.data_head.offset / 8;
const tailIndex = perf_event_mmap_page.members.data_tail.offset / 8;
const headerSize = 8;

/** What a perf ring holds. `time`: nanoseconds of the kernel's perf clock. */
export type PerfRecord =
  | { kind: 'sample'; cpu: number; index: number; time: bigint; data: Uint8Array }
  | { kind: 'lost'; cpu: number; index: number; id: bigint; count: bigint }
  | { kind: 'other'; cpu: number; index: number; type: number; data: Uint8Array };

export interface PerfBufferOptions {
  /** Size of each CPU's ring in pages, a power of two; default 16. */
  pages?: number;
  /** The CPUs to listen to and the map index of each; default all online ones within the map, at their own index. */
  cpus?: readonly { cpu: number; index: number }[];
  /** Entries of the map, to leave out CPUs beyond. */
  maxEntries?: number;
}

interface CpuRing {
  cpu: number;
  index: number;
  fd: number;
  memory: MappedMemory;
  positions: BigUint64Array;
  data: Uint8Array;
}

/** Reader of what programs send with bpf_perf_event_output through a BPF_MAP_TYPE_PERF_EVENT_ARRAY. */
export class PerfBuffer implements Disposable {
  readonly #kernel: Kernel;
  readonly #rings: CpuRing[] = [];
  readonly #waiter: Waiter;

  /** Opens a ring for each CPU and puts it into the map. Throws SyscallError, with nothing left open. */
  constructor(kernel: Kernel, mapFd: number, options: PerfBufferOptions = {}) {
    this.#kernel = kernel;
    this.#waiter = new Waiter(kernel);
    try {
      const limit = options.maxEntries ?? Number.POSITIVE_INFINITY;
      const all = options.cpus ?? onlineCpus(kernel).map((cpu) => ({ cpu, index: cpu }));
      for (const { cpu, index } of all) if (index < limit) this.#open(mapFd, cpu, index, options.pages ?? 16);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(mapFd: number, cpu: number, index: number, pages: number): void {
    const kernel = this.#kernel;
    const attr = perfEventAttribute(perf_type_id.PERF_TYPE_SOFTWARE)
      .set('config', perf_sw_ids.PERF_COUNT_SW_BPF_OUTPUT)
      .set('sample_type', sampleRaw | sampleTime)
      .set('sample_period', 1)
      .set('wakeup_events', 1);
    const target = { pid: -1, cpu, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC };
    const fd = checkResult('perf_event_open', kernel.perfEventOpen(attr, target));
    const page = kernel.systemConfiguration(SC_PAGESIZE);
    const memory = kernel.map({ fd, length: page * (pages + 1), protection: PROT_READ | PROT_WRITE });
    if (typeof memory === 'number') {
      kernel.close(fd);
      throw checkResult('mmap', memory);
    }
    this.#rings.push({
      cpu,
      index,
      fd,
      memory,
      positions: new BigUint64Array(memory.buffer, 0, page / 8),
      data: new Uint8Array(memory.buffer, page, page * pages),
    });
    checkResult('ioctl(PERF_EVENT_IOC_ENABLE)', kernel.ioctl(fd, PERF_EVENT_IOC_ENABLE, 0));
    const key = new Uint8Array(Uint32Array.of(index).buffer);
    const value = new Uint8Array(Int32Array.of(fd).buffer);
    checkResult('bpf(MAP_UPDATE_ELEM)', updateElement(kernel, mapFd, { key, value }));
    this.#waiter.add(fd);
  }

  /** Waits up to `timeoutMs` (-1: for ever) and hands over what is there. Returns the number of records, or -errno. */
  poll(timeoutMs: number, visit: (record: PerfRecord) => void): number {
    const ready = this.#waiter.wait(timeoutMs);
    return ready < 0 ? ready : this.consume(visit);
  }

  /** Hands over what is there without waiting. Returns the number of records. */
  consume(visit: (record: PerfRecord) => void): number {
    let count = 0;
    for (const ring of this.#rings) count += consumeRing(ring, visit);
    return count;
  }

  /** Records as they come, until `signal` aborts. The event loop stays free. */
  async *records(signal?: AbortSignal): AsyncGenerator<PerfRecord> {
    const queue: PerfRecord[] = [];
    while (!signal?.aborted) {
      if (this.consume((record) => queue.push(record)) === 0) await this.#waiter.ready(signal);
      yield* queue.splice(0);
    }
  }

  close(): void {
    this.#waiter.close();
    for (const { memory, fd } of this.#rings.splice(0)) {
      memory.close();
      this.#kernel.close(fd);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function consumeRing(ring: CpuRing, visit: (record: PerfRecord) => void): number {
  const { positions, data } = ring;
  const head = Atomics.load(positions, headIndex);
  let tail = Atomics.load(positions, tailIndex);
  let count = 0;
  try {
    while (tail < head) {
      const header = copyOut(data, tail, headerSize);
      const size = new DataView(header.buffer).getUint16(6, true);
      if (size < headerSize || size > data.length) {
        // Not a record: nothing behind it can be trusted.
        tail = head;
        break;
      }
      const record = copyOut(data, tail, size);
      tail += BigInt(size);
      count++;
      visit(decode(ring, record));
    }
  } finally {
    Atomics.store(positions, tailIndex, tail);
  }
  return count;
}

function copyOut(data: Uint8Array, position: bigint, length: number): Uint8Array<ArrayBuffer> {
  const start = Number(position % BigInt(data.length));
  const bytes = new Uint8Array(length);
  const first = data.subarray(start, start + length);
  bytes.set(first);
  if (first.length < length) bytes.set(data.subarray(0, length - first.length), first.length);
  return bytes;
}

/** A sample is time, payload length, payload; a lost record is an event id and a number. */
function decode({ cpu, index }: CpuRing, record: Uint8Array<ArrayBuffer>): PerfRecord {
  const view = new DataView(record.buffer);
  const type = view.getUint32(0, true);
  if (type === perf_event_type.PERF_RECORD_SAMPLE && record.length >= 20) {
    const length = Math.min(view.getUint32(16, true), record.length - 20);
    return { kind: 'sample', cpu, index, time: view.getBigUint64(8, true), data: record.subarray(20, 20 + length) };
  }
  if (type === perf_event_type.PERF_RECORD_LOST && record.length >= 24) {
    return { kind: 'lost', cpu, index, id: view.getBigUint64(8, true), count: view.getBigUint64(16, true) };
  }
  return { kind: 'other', cpu, index, type, data: record.subarray(headerSize) };
}

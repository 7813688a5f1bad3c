import { type MapInfo, readMapInfo, updateElement } from '../bpf/index.ts';
import { expectInteger } from '../bytes/index.ts';
import { ClosedError, UsageError } from '../errors/index.ts';
import { onlineCpus } from '../host/index.ts';
import {
  checkResult,
  Fd,
  type Kernel,
  type MappedMemory,
  PROT_READ,
  PROT_WRITE,
  SC_PAGESIZE,
  syscallError,
} from '../sys/index.ts';
import {
  bpf_map_type,
  PERF_EVENT_IOC_ENABLE,
  PERF_FLAG_FD_CLOEXEC,
  perf_event_mmap_page,
  perf_event_type,
  perf_sw_ids,
  perf_type_id,
} from '../uapi/index.ts';
import { perfEventAttribute } from './counter.ts';
import { requireKind } from './object.ts';
import { RecordStream } from './record-stream.ts';
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
  cpus?: readonly CpuPlace[];
  /** Entries of the map, to leave out CPUs beyond. */
  maxEntries?: number;
}

/** A CPU and the index of its ring in the map. */
export interface CpuPlace {
  readonly cpu: number;
  readonly index: number;
}

interface CpuRing extends CpuPlace {
  fd: number;
  memory: MappedMemory;
  positions: BigUint64Array;
  data: Uint8Array;
}

/**
 * Reader of what programs send with bpf_perf_event_output through a BPF_MAP_TYPE_PERF_EVENT_ARRAY. Once it is closed,
 * calls throw ClosedError.
 */
export class PerfBuffer implements Disposable {
  readonly #kernel: Kernel;
  /** The kernel takes the rings out of the map once the file they came in through is closed. */
  readonly #map: Fd;
  readonly #rings: CpuRing[] = [];
  readonly #waiter: Waiter;
  /** The ring that `records` takes from: each has its turn, however much another holds. */
  #turn = 0;
  #closed = false;

  /**
   * Opens a ring for each CPU and puts it into the map of `mapFd`, which may be closed then. Throws UsageError for another kind of map, for a size that is no power of two and for an
   * index that the map has not, and SyscallError, with nothing left open.
   */
  constructor(kernel: Kernel, mapFd: number, options: PerfBufferOptions = {}) {
    requireKind(kernel, mapFd, 'map');
    const info = readMapInfo(kernel, mapFd);
    if (info.type !== bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY) {
      throw new UsageError(`map '${info.name}' is not an array of perf events`);
    }
    const { pages = 16 } = options;
    checkPages(pages);
    const limit = Math.min(info.maxEntries, options.maxEntries ?? Number.POSITIVE_INFINITY);
    const places = options.cpus ?? onlineCpus(kernel).map((cpu) => ({ cpu, index: cpu }));
    this.#kernel = kernel;
    this.#map = new Fd(kernel, checkResult('fcntl(F_DUPFD_CLOEXEC)', kernel.duplicate(mapFd)));
    this.#waiter = this.#newWaiter();
    try {
      for (const place of places) {
        if (options.cpus !== undefined) checkPlace(place, info);
        if (place.index < limit) this.#openRing(mapFd, place, pages);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #newWaiter(): Waiter {
    try {
      return new Waiter(this.#kernel);
    } catch (error) {
      this.#map.close();
      throw error;
    }
  }

  #openRing(mapFd: number, { cpu, index }: CpuPlace, pages: number): void {
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
      throw syscallError('mmap', memory);
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

  #checkOpen(): void {
    if (this.#closed) throw new ClosedError('perf buffer');
  }

  /**
   * Waits up to `timeoutMs` (-1: for ever) and hands over what is there. Returns the number of records, 0 where a signal
   * ended the wait. Throws SyscallError.
   */
  poll(timeoutMs: number, visit: (record: PerfRecord) => void): number {
    this.#checkOpen();
    this.#waiter.wait(timeoutMs);
    return this.consume(visit);
  }

  /** Hands over what is there without waiting. Returns the number of records. */
  consume(visit: (record: PerfRecord) => void): number {
    this.#checkOpen();
    let count = 0;
    for (const ring of [...this.#rings]) {
      const head = Atomics.load(ring.positions, headIndex);
      for (let record = this.#take(ring, head); record !== undefined; record = this.#take(ring, head)) {
        count++;
        // It may close the buffer, or take records itself.
        visit(record);
      }
    }
    return count;
  }

  /** The next record of a ring before `head`. */
  #take(ring: CpuRing, head: bigint): PerfRecord | undefined {
    return this.#closed ? undefined : takeRecord(ring, head);
  }

  #takeInTurn(): PerfRecord | undefined {
    for (let tries = this.#rings.length; tries > 0; tries--) {
      const ring = this.#rings[this.#turn++ % this.#rings.length]!;
      const record = this.#take(ring, Atomics.load(ring.positions, headIndex));
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /**
   * Records as they come, those of one CPU in order, until `signal` aborts or the buffer is closed. The event loop stays
   * free; the process stays alive as long as somebody waits.
   */
  records(signal?: AbortSignal): AsyncGenerator<PerfRecord, void, undefined> {
    this.#checkOpen();
    const isClosed = () => this.#closed;
    const source = {
      take: () => this.#takeInTurn(),
      get closed() {
        return isClosed();
      },
      ready: (aborted: AbortSignal) => this.#waiter.ready(aborted),
    };
    return new RecordStream(source, signal);
  }

  /** Ends all that `records` gave; closing again does nothing. */
  close(): void {
    this.#closed = true;
    this.#waiter.close();
    for (const { memory, fd } of this.#rings.splice(0)) {
      memory.close();
      this.#kernel.close(fd);
    }
    this.#map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function checkPages(pages: number): void {
  expectInteger(pages, 'pages', { least: 1, most: 2 ** 30 });
  if ((pages & (pages - 1)) !== 0) throw new UsageError(`pages: ${pages} is no power of two`);
}

function checkPlace({ cpu, index }: CpuPlace, { name, maxEntries }: MapInfo): void {
  expectInteger(cpu, 'cpu', { most: 0x7fff_ffff });
  expectInteger(index, `index in map '${name}'`, { most: maxEntries - 1 });
}

/** The next record before `head`; undefined if there is none. */
function takeRecord(ring: CpuRing, head: bigint): PerfRecord | undefined {
  const { positions, data } = ring;
  const tail = Atomics.load(positions, tailIndex);
  if (tail >= head) return undefined;
  const header = copyOut(data, tail, headerSize);
  const size = new DataView(header.buffer).getUint16(6, true);
  if (size < headerSize || size > data.length) {
    // Not a record: nothing behind it can be trusted.
    Atomics.store(positions, tailIndex, head);
    return undefined;
  }
  const record = copyOut(data, tail, size);
  Atomics.store(positions, tailIndex, tail + BigInt(size));
  return decode(ring, record);
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

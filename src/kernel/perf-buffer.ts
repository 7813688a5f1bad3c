import { type MapInfo, readMapInfo, updateElement, ElementCalls } from '../bpf/index.ts';
import { expectInteger } from '../bytes/index.ts';
import { ClosedError, Errno, UsageError } from '../errors/index.ts';
import { onlineCpus } from '../host/index.ts';
import { checkResult, Fd, type Kernel, SC_PAGESIZE } from '../sys/index.ts';
import {
  bpf_map_type,
  PERF_EVENT_IOC_ENABLE,
  PERF_EVENT_IOC_PAUSE_OUTPUT,
  PERF_FLAG_FD_CLOEXEC,
  perf_event_type,
  perf_sw_ids,
  perf_type_id,
} from '../uapi/index.ts';
import { perfEventAttribute } from './counter.ts';
import { type RingMap, ringArguments } from './ring-map.ts';
import { requireKind } from './object.ts';
import { closeRing, copyOut, openRing, perfHeaderSize, type PerfRing, ringHead, takeRecord } from './perf-ring.ts';
import { type RecordSource, RecordStream, type StreamEnd, streamOptions } from './record-stream.ts';
import { Waiter } from './waiter.ts';

const sampleTime = 1n << 2n;
const sampleRaw = 1n << 10n;

/** What a perf ring holds. `time`: nanoseconds of the kernel's perf clock. */
export type PerfRecord =
  | { kind: 'sample'; cpu: number; index: number; time: bigint; data: Uint8Array }
  | { kind: 'lost'; cpu: number; index: number; id: bigint; count: bigint }
  | { kind: 'other'; cpu: number; index: number; type: number; data: Uint8Array };

/** How a perf buffer is read. */
export interface PerfBufferOptions {
  /** Size of each CPU's ring in pages, a power of two; default 16. */
  pages?: number;
  /** The CPUs to listen to and the map index of each; default all online ones within the map, at their own index. */
  cpus?: readonly CpuPlace[];
  /** Entries of the map, to leave out CPUs beyond. */
  maxEntries?: number;
  /** A CPU wakes the reader when so many bytes are in its ring, instead of with each event: more events for less work. */
  watermark?: number;
  /** A CPU wakes the reader with every so many events; 1 unless given. */
  wakeupEvents?: number;
  /**
   * The newest events write over the oldest: the ring is a recorder of the last moments, read with `recent()`. Nothing is lost
   * but what is old, and nothing wakes the reader.
   */
  overwritable?: boolean;
}

/** A CPU and the index of its ring in the map. */
export interface CpuPlace {
  readonly cpu: number;
  readonly index: number;
}

interface CpuRing extends CpuPlace, PerfRing {
  /** Of an overwritable ring: its head when it was last read. */
  read: bigint;
}

/**
 * Reader of what programs send with bpf_perf_event_output through a BPF_MAP_TYPE_PERF_EVENT_ARRAY. Once it is closed,
 * calls throw ClosedError.
 */
export class PerfBuffer implements Disposable {
  readonly #kernel: Kernel;
  /** The kernel takes the rings out of the map once the file they came in through is closed. */
  readonly #map: Fd;
  readonly #options: PerfBufferOptions;
  readonly #rings: CpuRing[] = [];
  readonly #waiter: Waiter;
  /** The ring that `records` takes from: each has its turn, however much another holds. */
  #turn = 0;
  #closed = false;
  #isPaused = false;
  #lost = 0n;

  /**
   * Opens a ring for each CPU and puts it into the map, or that of `mapFd`, which may be closed then. Throws UsageError for another kind of map, for a size that is no power of two and for an
   * index that the map has not, and SyscallError, with nothing left open.
   */
  constructor(map: RingMap, options?: PerfBufferOptions);
  constructor(kernel: Kernel, mapFd: number, options?: PerfBufferOptions);
  constructor(...args: readonly unknown[]) {
    const [kernel, mapFd, options = {}] = ringArguments<PerfBufferOptions>(args);
    requireKind(kernel, mapFd, 'map');
    const info = readMapInfo(kernel, mapFd);
    if (info.type !== bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY) {
      throw new UsageError(`map '${info.name}' is not an array of perf events`);
    }
    checkOptions(kernel, options);
    const limit = Math.min(info.maxEntries, options.maxEntries ?? Number.POSITIVE_INFINITY);
    const places = options.cpus ?? onlineCpus(kernel).map((cpu) => ({ cpu, index: cpu }));
    this.#kernel = kernel;
    this.#options = options;
    this.#map = new Fd(kernel, checkResult('fcntl(F_DUPFD_CLOEXEC)', kernel.duplicate(mapFd)));
    this.#waiter = this.#newWaiter();
    try {
      for (const place of places) {
        if (options.cpus !== undefined) checkPlace(place, info);
        if (place.index < limit) this.#openRing(place);
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

  #openRing({ cpu, index }: CpuPlace): void {
    const kernel = this.#kernel;
    const { pages = 16, watermark, wakeupEvents = 1, overwritable = false } = this.#options;
    const attr = perfEventAttribute(perf_type_id.PERF_TYPE_SOFTWARE)
      .set('config', perf_sw_ids.PERF_COUNT_SW_BPF_OUTPUT)
      .set('sample_type', sampleRaw | sampleTime)
      .set('sample_period', 1)
      .set('write_backward', overwritable ? 1 : 0);
    if (watermark === undefined) attr.set('wakeup_events', wakeupEvents);
    else attr.set('watermark', 1).set('wakeup_watermark', watermark);
    const target = { pid: -1, cpu, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC };
    const fd = checkResult('perf_event_open', kernel.perfEventOpen(attr, target));
    const opened = openRing(kernel, fd, { pages, isReadOnly: overwritable });
    const ring: CpuRing = { cpu, index, ...opened, read: 0n };
    this.#rings.push(ring);
    checkResult('ioctl(PERF_EVENT_IOC_ENABLE)', kernel.ioctl(fd, PERF_EVENT_IOC_ENABLE, 0));
    this.#connect(ring);
    this.#waiter.add(fd);
  }

  #connect({ index, fd }: CpuRing): void {
    const value = new Uint8Array(Int32Array.of(fd).buffer);
    const element = { key: keyOf(index), value };
    checkResult('bpf(MAP_UPDATE_ELEM)', updateElement(this.#kernel, this.#map.number, element));
  }

  #checkOpen(): void {
    if (this.#closed) throw new ClosedError('perf buffer');
  }

  /** Events that programs sent while a ring had no room, as far as the records that were read say so. */
  get lost(): bigint {
    return this.#lost;
  }

  /**
   * Takes the rings out of the map: programs get -ENOENT and write nothing. What is in them can
   * still be read. Throws SyscallError.
   */
  pause(): void {
    this.#checkOpen();
    const calls = new ElementCalls(this.#kernel);
    for (const { index } of this.#rings) {
      const result = calls.delete(this.#map.number, keyOf(index));
      if (result !== -Errno.ENOENT) checkResult('bpf(MAP_DELETE_ELEM)', result);
    }
    this.#isPaused = true;
  }

  /** Puts the rings back. Throws SyscallError. */
  resume(): void {
    this.#checkOpen();
    for (const ring of this.#rings) this.#connect(ring);
    this.#isPaused = false;
  }

  get isPaused(): boolean {
    return this.#isPaused;
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
    this.#checkForward();
    let count = 0;
    for (const ring of [...this.#rings]) {
      const head = ringHead(ring);
      for (let record = this.#take(ring, head); record !== undefined; record = this.#take(ring, head)) {
        count++;
        // It may close the buffer, or take records itself.
        visit(record);
      }
    }
    return count;
  }

  /**
   * The records of overwritable rings since they were last read, as many as were not written over, those of each CPU in the
   * order of time. Each ring stands still while it is read. UsageError for rings of the other kind; throws SyscallError.
   */
  recent(): PerfRecord[] {
    this.#checkOpen();
    if (!this.#options.overwritable) {
      throw new UsageError('recent() is for perf buffers that are opened as overwritable: take records() or consume()');
    }
    return this.#rings.flatMap((ring) => {
      const still = (on: number) =>
        checkResult('ioctl(PERF_EVENT_IOC_PAUSE_OUTPUT)', this.#kernel.ioctl(ring.fd, PERF_EVENT_IOC_PAUSE_OUTPUT, on));
      still(1);
      try {
        return readBackward(ring);
      } finally {
        still(0);
      }
    });
  }

  #checkForward(): void {
    this.#checkOpen();
    if (this.#options.overwritable)
      throw new UsageError('an overwritable perf buffer has no order of arrival: take recent()');
  }

  /** The next record of a ring before `head`. */
  #take(ring: CpuRing, head: bigint): PerfRecord | undefined {
    const taken = this.#closed ? undefined : takeRecord(ring, head);
    const record = taken && decode(ring, taken);
    if (record?.kind === 'lost') this.#lost += record.count;
    return record;
  }

  #takeInTurn(): PerfRecord | undefined {
    for (let tries = this.#rings.length; tries > 0; tries--) {
      const ring = this.#rings[this.#turn++ % this.#rings.length]!;
      const record = this.#take(ring, ringHead(ring));
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /**
   * Records as they come, those of one CPU in order, until `signal` aborts, the deadline passes or the buffer is closed. The
   * event loop stays free; the process stays alive as long as somebody waits.
   */
  records(end?: StreamEnd): AsyncGenerator<PerfRecord, void, undefined> {
    return new RecordStream(this.source(), streamOptions(end));
  }

  /** What `records` takes from, for streams of something else. Throws ClosedError. */
  source(): RecordSource<PerfRecord> {
    this.#checkForward();
    const isClosed = () => this.#closed;
    return {
      take: () => this.#takeInTurn(),
      get closed() {
        return isClosed();
      },
      ready: (aborted) => this.#waiter.ready(aborted),
    };
  }

  /** Ends all that `records` gave; closing again does nothing. */
  close(): void {
    this.#closed = true;
    this.#waiter.close();
    for (const ring of this.#rings.splice(0)) closeRing(this.#kernel, ring);
    this.#map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const keyOf = (index: number) => new Uint8Array(Uint32Array.of(index).buffer);

function checkOptions(kernel: Kernel, { pages = 16, watermark, wakeupEvents, overwritable }: PerfBufferOptions): void {
  expectInteger(pages, 'pages', { least: 1, most: 2 ** 30 });
  if ((pages & (pages - 1)) !== 0) throw new UsageError(`pages: ${pages} is no power of two`);
  const most = pages * kernel.systemConfiguration(SC_PAGESIZE) - 1;
  if (watermark !== undefined) expectInteger(watermark, 'watermark', { least: 1, most });
  if (wakeupEvents !== undefined) expectInteger(wakeupEvents, 'wakeupEvents', { least: 1 });
  if (watermark !== undefined && wakeupEvents !== undefined) {
    throw new UsageError('a perf buffer wakes its reader by bytes (watermark) or by events (wakeupEvents): give one');
  }
  if (overwritable !== undefined && typeof overwritable !== 'boolean')
    throw new UsageError('overwritable: true or false');
}

function checkPlace({ cpu, index }: CpuPlace, { name, maxEntries }: MapInfo): void {
  expectInteger(cpu, 'cpu', { most: 0x7fff_ffff });
  expectInteger(index, `index in map '${name}'`, { most: maxEntries - 1 });
}

/** Newest first is how they lie: from the head on, up to where the last reading began or the ring comes round to the head. */
function readBackward(ring: CpuRing): PerfRecord[] {
  const { data } = ring;
  const head = BigInt.asIntN(64, ringHead(ring));
  const full = head + BigInt(data.length);
  const end = ring.read < full ? ring.read : full;
  const records: PerfRecord[] = [];
  for (let at = head; at < end; ) {
    const size = new DataView(copyOut(data, at, perfHeaderSize).buffer).getUint16(6, true);
    // What was never written, or the rest of a record of which the end was written over.
    if (size < perfHeaderSize || at + BigInt(size) > full) break;
    records.push(decode(ring, copyOut(data, at, size)));
    at += BigInt(size);
  }
  ring.read = head;
  return records.reverse();
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
  return { kind: 'other', cpu, index, type, data: record.subarray(perfHeaderSize) };
}

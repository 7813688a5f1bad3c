import { ClosedError, UsageError } from '../errors/index.ts';
import {
  type Kernel,
  type MappedMemory,
  PROT_READ,
  PROT_WRITE,
  SC_PAGESIZE,
  type StopSignal,
  syscallError,
} from '../sys/index.ts';
import { BPF_F_RB_OVERWRITE, bpf_map_type } from '../uapi/index.ts';
import { readMapInfo } from '../bpf/index.ts';
import { expectInteger } from '../bytes/index.ts';
import { Gate, stopped } from './gate.ts';
import { type RingMap, ringArguments } from './ring-map.ts';
import { requireKind } from './object.ts';
import { type RecordSource, RecordStream, type StreamEnd, streamOptions } from './record-stream.ts';
import { Waiter } from './waiter.ts';

const busyBit = 0x8000_0000;
const discardBit = 0x4000_0000;
const headerSize = 8;
/** Where the producer's page says what was overwritten, in words of 4 bytes: behind its own position and the pending one. */
const overwriteWord = 4;
const word = 2 ** 32;

/** How a ring buffer is read. */
export interface RingBufferOptions {
  /**
   * Streams wait until so many bytes are there, headers included, or until `latency` milliseconds (100 unless given) have
   * passed since the first: fewer wake-ups where events are many and need not be seen at once.
   */
  readonly watermark?: number;
  readonly latency?: number;
}

/** What a reader makes of a record: `length` bytes of `data` from `at` on, which it must not keep. */
export type RecordReader<T> = (data: Uint8Array, at: number, length: number) => T | undefined;

/** The kernel's memory of a ring. */
interface Ring {
  readonly consumer: MappedMemory;
  readonly producer: MappedMemory;
  readonly consumerPosition: BigUint64Array;
  readonly producerPosition: BigUint64Array;
  /** The same by halves, which need no bigint. */
  readonly consumerWords: Int32Array;
  readonly producerWords: Int32Array;
  /** The headers' length words, for atomic reads. */
  readonly words: Int32Array;
  readonly data: Uint8Array;
  readonly mask: number;
  /** Programs write over what was not read. */
  readonly overwrites: boolean;
}

const copy: RecordReader<Uint8Array> = (data, at, length) => data.slice(at, at + length);

/**
 * Reader of a BPF_MAP_TYPE_RINGBUF. The kernel maps the data twice in a row, so a record never wraps for the reader.
 * Several readers of one map would steal records from each other. Once it is closed, calls throw ClosedError.
 */
export class RingBuffer implements Disposable {
  readonly #waiter: Waiter;
  readonly #gate = new Gate();
  readonly #watermark: number;
  readonly #latency: number;
  #ring: Ring | undefined;
  /** The consumer's, as this reader left it. */
  #position = 0;
  #lostBytes = 0;
  #lost = 0n;

  /**
   * Maps the ring of a map, or of that of `mapFd`, which may be closed then. Throws UsageError for what is no ring buffer and
   * SyscallError, with nothing left open.
   */
  constructor(map: RingMap, options?: RingBufferOptions);
  constructor(kernel: Kernel, mapFd: number, options?: RingBufferOptions);
  constructor(...args: readonly unknown[]) {
    const [kernel, mapFd, { watermark = 0, latency = 100 } = {}] = ringArguments<RingBufferOptions>(args);
    requireKind(kernel, mapFd, 'map');
    expectInteger(latency, 'latency');
    const { type, maxEntries: size, name, flags } = readMapInfo(kernel, mapFd);
    if (type !== bpf_map_type.BPF_MAP_TYPE_RINGBUF) throw new UsageError(`map '${name}' is not a ring buffer`);
    // A ring that is fuller than this may have no room for the next record.
    expectInteger(watermark, 'watermark', { most: Math.floor(size / 2) });
    this.#watermark = watermark;
    this.#latency = latency;
    this.#waiter = new Waiter(kernel);
    try {
      this.#ring = mapRing(kernel, mapFd, { size, overwrites: (flags & BPF_F_RB_OVERWRITE) !== 0 });
      this.#waiter.add(mapFd);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#position = Number(Atomics.load(this.#ring.consumerPosition, 0));
  }

  get #open(): Ring {
    if (this.#ring === undefined) throw new ClosedError('ring buffer');
    return this.#ring;
  }

  /** Bytes that wait to be read, headers and records under way included. */
  get available(): number {
    return this.#available(this.#open);
  }

  #available({ producerWords, consumerWords }: Ring): number {
    return (Atomics.load(producerWords, 0) - Atomics.load(consumerWords, 0)) >>> 0;
  }

  /**
   * Events that were written over before they were read, as far as their number is known: in rings that are created so
   * (since 6.19). Other rings lose nothing that is in them: programs get no room, and may count that.
   */
  get lost(): bigint {
    return this.#lost;
  }

  /** As `lost`, in bytes, headers included. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /** Streams hand out nothing until `resume`. Programs go on writing as long as there is room. */
  pause(): void {
    void this.#open;
    this.#gate.shut();
  }

  resume(): void {
    void this.#open;
    this.#gate.open();
  }

  get isPaused(): boolean {
    return this.#gate.isShut;
  }

  /**
   * Waits up to `timeoutMs` (-1: for ever) and hands over what is there. Returns the number of records, 0 where a signal
   * ended the wait. Throws SyscallError.
   */
  poll(timeoutMs: number, visit: (data: Uint8Array) => void): number {
    void this.#open;
    this.#waiter.wait(timeoutMs);
    return this.consume(visit);
  }

  /** Hands over copies of the records that are complete, in order, without waiting. Returns their number. */
  consume(visit: (data: Uint8Array) => void): number {
    const end = Number(Atomics.load(this.#open.producerPosition, 0));
    let count = 0;
    for (let data = this.#take(copy, end); data !== undefined; data = this.#take(copy, end)) {
      count++;
      // It may close the buffer, or take records itself.
      visit(data);
    }
    return count;
  }

  /** What `read` makes of the next record before `end`; undefined if none is complete. */
  #take<T>(read: RecordReader<T>, end = Number.POSITIVE_INFINITY): T | undefined {
    for (;;) {
      const ring = this.#ring;
      if (ring === undefined) return undefined;
      const { consumerWords, producerWords, words, data, mask } = ring;
      // Another reader of the map went on.
      if (consumerWords[0] !== (this.#position | 0)) {
        this.#position = Number(Atomics.load(ring.consumerPosition, 0));
      }
      if (ring.overwrites) this.#skipOverwritten(ring);
      const position = this.#position;
      if (position >= end || ((Atomics.load(producerWords, 0) - position) | 0) === 0) return undefined;
      const start = position & mask;
      const header = Atomics.load(words, start >>> 2) >>> 0;
      // Reserved but not committed yet: what follows has to wait for it.
      if ((header & busyBit) !== 0) return undefined;
      const length = header & ~(busyBit | discardBit);
      let value: T | undefined;
      let isThere = (header & discardBit) === 0;
      try {
        if (isThere) value = read(data, start + headerSize, length);
      } finally {
        // What was overwritten while it was read is nothing.
        if (ring.overwrites && this.#skipOverwritten(ring)) isThere = false;
        else this.#advance(ring, position + (((length + headerSize + 7) >>> 3) << 3));
      }
      if (isThere && value !== undefined) return value;
    }
  }

  /** The kernel reads the position as one word of 64 bits; its upper half changes every 4 GiB. */
  #advance({ consumerWords, consumerPosition }: Ring, position: number): void {
    const isNear = Math.floor(position / word) === Math.floor(this.#position / word);
    this.#position = position;
    if (isNear) Atomics.store(consumerWords, 0, position | 0);
    else Atomics.store(consumerPosition, 0, BigInt(position));
  }

  /** Goes on behind what programs wrote over; false where they did not. */
  #skipOverwritten(ring: Ring): boolean {
    const ahead = (Atomics.load(ring.producerWords, overwriteWord) - (this.#position | 0)) | 0;
    if (ahead <= 0) return false;
    this.#lostBytes += ahead;
    this.#lost++;
    this.#advance(ring, this.#position + ahead);
    return true;
  }

  /**
   * Records as they come, until `signal` aborts, the deadline passes or the buffer is closed. The event loop stays free; the
   * process stays alive as long as somebody waits.
   */
  records(end?: StreamEnd): AsyncGenerator<Uint8Array, void, undefined> {
    return new RecordStream(this.source(copy), streamOptions(end));
  }

  /** What streams of something else than copies take from. An error of `read` costs the record. Throws ClosedError. */
  source<T>(read: RecordReader<T>): RecordSource<T> {
    void this.#open;
    const isClosed = () => this.#ring === undefined;
    return {
      take: () => (this.#gate.isShut ? undefined : this.#take(read)),
      get closed() {
        return isClosed();
      },
      ready: (aborted) => this.#ready(aborted),
    };
  }

  async #ready(aborted: StopSignal): Promise<void> {
    if (this.#gate.isShut) return this.#gate.passed(aborted);
    await this.#waiter.ready(aborted);
    if (this.#watermark === 0 || this.#ring === undefined || this.#available(this.#ring) >= this.#watermark) return;
    await stopped(aborted, this.#latency);
  }

  /** Ends all that `records` gave; closing again does nothing. */
  close(): void {
    const ring = this.#ring;
    this.#ring = undefined;
    this.#waiter.close();
    this.#gate.open();
    ring?.consumer.close();
    ring?.producer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function mapRing(kernel: Kernel, fd: number, { size, overwrites }: { size: number; overwrites: boolean }): Ring {
  const page = kernel.systemConfiguration(SC_PAGESIZE);
  const consumer = kernel.map({ fd, length: page, protection: PROT_READ | PROT_WRITE });
  if (typeof consumer === 'number') throw syscallError('mmap', consumer);
  const producer = kernel.map({ fd, length: page + 2 * size, protection: PROT_READ, offset: page });
  if (typeof producer === 'number') {
    consumer.close();
    throw syscallError('mmap', producer);
  }
  return {
    consumer,
    producer,
    consumerPosition: new BigUint64Array(consumer.buffer, 0, 1),
    producerPosition: new BigUint64Array(producer.buffer, 0, 1),
    consumerWords: new Int32Array(consumer.buffer, 0, 2),
    producerWords: new Int32Array(producer.buffer, 0, overwriteWord + 2),
    words: new Int32Array(producer.buffer, page, size / 2),
    data: new Uint8Array(producer.buffer, page, 2 * size),
    mask: size - 1,
    overwrites,
  };
}

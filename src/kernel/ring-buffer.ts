import { ClosedError, UsageError } from '../errors/index.ts';
import { type Kernel, type MappedMemory, PROT_READ, PROT_WRITE, SC_PAGESIZE, syscallError } from '../sys/index.ts';
import { bpf_map_type } from '../uapi/index.ts';
import { readMapInfo } from '../bpf/index.ts';
import { requireKind } from './object.ts';
import { RecordStream } from './record-stream.ts';
import { Waiter } from './waiter.ts';

const busyBit = 0x8000_0000;
const discardBit = 0x4000_0000;
const headerSize = 8;

/** The kernel's memory of a ring. */
interface Ring {
  readonly consumer: MappedMemory;
  readonly producer: MappedMemory;
  readonly consumerPosition: BigUint64Array;
  readonly producerPosition: BigUint64Array;
  /** The headers' length words, for atomic reads. */
  readonly words: Int32Array;
  readonly data: Uint8Array;
  readonly mask: bigint;
}

/**
 * Reader of a BPF_MAP_TYPE_RINGBUF. The kernel maps the data twice in a row, so a record never wraps for the reader.
 * Several readers of one map would steal records from each other. Once it is closed, calls throw ClosedError.
 */
export class RingBuffer implements Disposable {
  readonly #waiter: Waiter;
  #ring: Ring | undefined;

  /**
   * Maps the ring of the map of `mapFd`, which may be closed then. Throws UsageError for what is no ring buffer and
   * SyscallError, with nothing left open.
   */
  constructor(kernel: Kernel, mapFd: number) {
    requireKind(kernel, mapFd, 'map');
    const { type, maxEntries: size, name } = readMapInfo(kernel, mapFd);
    if (type !== bpf_map_type.BPF_MAP_TYPE_RINGBUF) throw new UsageError(`map '${name}' is not a ring buffer`);
    this.#waiter = new Waiter(kernel);
    try {
      this.#ring = mapRing(kernel, mapFd, size);
      this.#waiter.add(mapFd);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get #open(): Ring {
    if (this.#ring === undefined) throw new ClosedError('ring buffer');
    return this.#ring;
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
    const end = Atomics.load(this.#open.producerPosition, 0);
    let count = 0;
    for (let data = this.#take(end); data !== undefined; data = this.#take(end)) {
      count++;
      // It may close the buffer, or take records itself.
      visit(data);
    }
    return count;
  }

  /** A copy of the next record before `end`; undefined if none is complete. */
  #take(end: bigint): Uint8Array | undefined {
    while (this.#ring !== undefined) {
      const { consumerPosition, words, data, mask } = this.#ring;
      const position = Atomics.load(consumerPosition, 0);
      if (position >= end) return undefined;
      const start = Number(position & mask);
      const header = Atomics.load(words, start / 4) >>> 0;
      // Reserved but not committed yet: what follows has to wait for it.
      if ((header & busyBit) !== 0) return undefined;
      const length = (header & ~(busyBit | discardBit)) >>> 0;
      const isDiscarded = (header & discardBit) !== 0;
      const record = isDiscarded ? undefined : data.slice(start + headerSize, start + headerSize + length);
      Atomics.store(consumerPosition, 0, position + BigInt(Math.ceil((length + headerSize) / 8) * 8));
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /**
   * Records as they come, until `signal` aborts or the buffer is closed. The event loop stays free; the process stays
   * alive as long as somebody waits.
   */
  records(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    void this.#open;
    const isClosed = () => this.#ring === undefined;
    const source = {
      take: () => this.#ring && this.#take(Atomics.load(this.#ring.producerPosition, 0)),
      get closed() {
        return isClosed();
      },
      ready: (aborted: AbortSignal) => this.#waiter.ready(aborted),
    };
    return new RecordStream(source, signal);
  }

  /** Ends all that `records` gave; closing again does nothing. */
  close(): void {
    const ring = this.#ring;
    this.#ring = undefined;
    this.#waiter.close();
    ring?.consumer.close();
    ring?.producer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function mapRing(kernel: Kernel, fd: number, size: number): Ring {
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
    words: new Int32Array(producer.buffer, page, size / 2),
    data: new Uint8Array(producer.buffer, page, 2 * size),
    mask: BigInt(size - 1),
  };
}

import { SyscallError } from '../errors/index.ts';
import { checkResult, type Kernel, type MappedMemory, PROT_READ, PROT_WRITE, SC_PAGESIZE } from '../sys/index.ts';
import { bpf_map_type } from '../uapi/index.ts';
import { readMapInfo } from '../bpf/index.ts';
import { Waiter } from './waiter.ts';

const busyBit = 0x8000_0000;
const discardBit = 0x4000_0000;
const headerSize = 8;

/**
 * Reader of a BPF_MAP_TYPE_RINGBUF. The kernel maps the data twice in a row, so a record never wraps for the reader.
 * Several readers of one map would steal records from each other.
 */
export class RingBuffer implements Disposable {
  readonly #waiter: Waiter;
  readonly #consumer: MappedMemory;
  readonly #producer: MappedMemory;
  readonly #consumerPosition: BigUint64Array;
  readonly #producerPosition: BigUint64Array;
  /** The headers' length words, for atomic reads. */
  readonly #words: Int32Array;
  readonly #data: Uint8Array;
  readonly #mask: bigint;

  /** Maps the ring behind `mapFd`, which must stay open. Throws SyscallError, with nothing left open. */
  constructor(kernel: Kernel, mapFd: number) {
    const { type, maxEntries: size } = readMapInfo(kernel, mapFd);
    if (type !== bpf_map_type.BPF_MAP_TYPE_RINGBUF) {
      throw new SyscallError('mmap', 22, 'EINVAL', 'map is not a ring buffer');
    }
    const page = kernel.systemConfiguration(SC_PAGESIZE);
    const consumer = kernel.map({ fd: mapFd, length: page, protection: PROT_READ | PROT_WRITE });
    if (typeof consumer === 'number') throw checkResult('mmap', consumer);
    const producer = kernel.map({ fd: mapFd, length: page + 2 * size, protection: PROT_READ, offset: page });
    if (typeof producer === 'number') {
      consumer.close();
      throw checkResult('mmap', producer);
    }
    this.#consumer = consumer;
    this.#producer = producer;
    this.#consumerPosition = new BigUint64Array(consumer.buffer, 0, 1);
    this.#producerPosition = new BigUint64Array(producer.buffer, 0, 1);
    this.#words = new Int32Array(producer.buffer, page, size / 2);
    this.#data = new Uint8Array(producer.buffer, page, 2 * size);
    this.#mask = BigInt(size - 1);
    this.#waiter = new Waiter(kernel);
    this.#waiter.add(mapFd);
  }

  /** Waits up to `timeoutMs` (-1: for ever) and hands over what is there. Returns the number of records, or -errno. */
  poll(timeoutMs: number, visit: (data: Uint8Array) => void): number {
    const ready = this.#waiter.wait(timeoutMs);
    return ready < 0 ? ready : this.consume(visit);
  }

  /** Hands over copies of the records that are complete, in order, without waiting. Returns their number. */
  consume(visit: (data: Uint8Array) => void): number {
    let count = 0;
    let position = Atomics.load(this.#consumerPosition, 0);
    const end = Atomics.load(this.#producerPosition, 0);
    while (position < end) {
      const start = Number(position & this.#mask);
      const header = Atomics.load(this.#words, start / 4) >>> 0;
      // Reserved but not committed yet: what follows has to wait for it.
      if ((header & busyBit) !== 0) break;
      const length = (header & ~(busyBit | discardBit)) >>> 0;
      const data =
        (header & discardBit) === 0 ? this.#data.slice(start + headerSize, start + headerSize + length) : undefined;
      position += BigInt(Math.ceil((length + headerSize) / 8) * 8);
      Atomics.store(this.#consumerPosition, 0, position);
      if (data === undefined) continue;
      count++;
      visit(data);
    }
    return count;
  }

  /** Records as they come, until `signal` aborts. The event loop stays free. */
  async *records(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const queue: Uint8Array[] = [];
    while (!signal?.aborted) {
      if (this.consume((data) => queue.push(data)) === 0) await this.#waiter.ready(signal);
      yield* queue.splice(0);
    }
  }

  close(): void {
    this.#waiter.close();
    this.#consumer.close();
    this.#producer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

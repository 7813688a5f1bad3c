import { readMapInfo } from '../bpf/index.ts';
import { expectBytes } from '../bytes/index.ts';
import { ClosedError, UsageError } from '../errors/index.ts';
import { type Kernel, type MappedMemory, PROT_READ, PROT_WRITE, SC_PAGESIZE, syscallError } from '../sys/index.ts';
import { bpf_map_type } from '../uapi/index.ts';
import { type RingMap, ringArguments } from './ring-map.ts';
import { requireKind } from './object.ts';

const headerSize = 8;
const busyBit = 0x8000_0000;

interface Ring {
  readonly consumer: MappedMemory;
  readonly producer: MappedMemory;
  readonly consumerPosition: BigUint64Array;
  readonly producerPosition: BigUint64Array;
  readonly words: Int32Array;
  readonly data: Uint8Array;
  readonly size: number;
}

/**
 * Writer of a BPF_MAP_TYPE_USER_RINGBUF, whose samples programs take with bpf_user_ringbuf_drain. One writer at a time. Once
 * it is closed, calls throw ClosedError. Since 6.1.
 */
export class UserRingBuffer implements Disposable {
  readonly #name: string;
  #ring: Ring | undefined;

  /** Maps the ring of a map, or of that of `mapFd`, which may be closed then. UsageError for another kind of map; throws SyscallError. */
  constructor(map: RingMap);
  constructor(kernel: Kernel, mapFd: number);
  constructor(...args: readonly unknown[]) {
    const [kernel, mapFd] = ringArguments(args);
    requireKind(kernel, mapFd, 'map');
    const { type, maxEntries: size, name } = readMapInfo(kernel, mapFd);
    if (type !== bpf_map_type.BPF_MAP_TYPE_USER_RINGBUF)
      throw new UsageError(`map '${name}' is not a user ring buffer`);
    this.#name = name;
    this.#ring = mapRing(kernel, mapFd, size);
  }

  get #open(): Ring {
    if (this.#ring === undefined) throw new ClosedError('user ring buffer');
    return this.#ring;
  }

  /** Bytes of the largest sample. */
  get largest(): number {
    return this.#open.size - headerSize;
  }

  /** Bytes that programs have not taken yet, headers included. */
  get pending(): number {
    const { producerPosition, consumerPosition } = this.#open;
    return Number(Atomics.load(producerPosition, 0) - Atomics.load(consumerPosition, 0));
  }

  /** Writes a sample. False where there is no room until programs have taken some. UsageError for one that never fits. */
  send(sample: Uint8Array): boolean {
    expectBytes(sample, `sample for map '${this.#name}'`, { least: 0 });
    const ring = this.#open;
    const { length } = sample;
    if (length > this.largest) {
      throw new UsageError(
        `sample for map '${this.#name}': ${length} bytes never fit its ring: at most ${this.largest}`,
      );
    }
    const total = (length + headerSize + 7) & ~7;
    if (this.pending + total > ring.size) return false;
    const position = Atomics.load(ring.producerPosition, 0);
    const start = Number(position & BigInt(ring.size - 1));
    // Busy until it is whole: the kernel looks at nothing beyond.
    Atomics.store(ring.words, start / 4, length | busyBit | 0);
    ring.words[start / 4 + 1] = 0;
    Atomics.store(ring.producerPosition, 0, position + BigInt(total));
    // An array whose memory is gone could not be copied, and the sample would stay busy.
    if (length > 0) ring.data.set(sample, start + headerSize);
    Atomics.store(ring.words, start / 4, length);
    return true;
  }

  /** Closing again does nothing. What was written stays for programs. */
  close(): void {
    const ring = this.#ring;
    this.#ring = undefined;
    ring?.consumer.close();
    ring?.producer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function mapRing(kernel: Kernel, fd: number, size: number): Ring {
  const page = kernel.systemConfiguration(SC_PAGESIZE);
  const consumer = kernel.map({ fd, length: page, protection: PROT_READ });
  if (typeof consumer === 'number') throw syscallError('mmap', consumer);
  const producer = kernel.map({ fd, length: page + 2 * size, protection: PROT_READ | PROT_WRITE, offset: page });
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
    size,
  };
}

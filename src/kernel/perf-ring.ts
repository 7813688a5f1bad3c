import { type Kernel, type MappedMemory, PROT_READ, PROT_WRITE, SC_PAGESIZE, syscallError } from '../sys/index.ts';
import { perf_event_mmap_page } from '../uapi/index.ts';

const headIndex = perf_event_mmap_page.members.data_head.offset / 8;
const tailIndex = perf_event_mmap_page.members.data_tail.offset / 8;
/** Bytes of `struct perf_event_header`: type, flags, size. */
export const perfHeaderSize = 8;

/** The records of one perf event, which the kernel writes into shared memory. */
export interface PerfRing {
  readonly fd: number;
  readonly memory: MappedMemory;
  readonly positions: BigUint64Array;
  readonly data: Uint8Array;
}

export interface RingOptions {
  /** A power of two. */
  readonly pages: number;
  readonly isReadOnly?: boolean;
}

/**
 * Takes over `fd`, of a perf event, and maps so many pages of its records. The kernel writes over what was not read where the
 * mapping cannot say what was: `isReadOnly`. Throws SyscallError, with `fd` closed.
 */
export function openRing(kernel: Kernel, fd: number, { pages, isReadOnly = false }: RingOptions): PerfRing {
  const page = kernel.systemConfiguration(SC_PAGESIZE);
  const protection = isReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
  const memory = kernel.map({ fd, length: page * (pages + 1), protection });
  if (typeof memory === 'number') {
    kernel.close(fd);
    throw syscallError('mmap', memory);
  }
  const positions = new BigUint64Array(memory.buffer, 0, page / 8);
  return { fd, memory, positions, data: new Uint8Array(memory.buffer, page, page * pages) };
}

/** Unmaps the ring and closes its perf event. */
export function closeRing(kernel: Kernel, { fd, memory }: PerfRing): void {
  memory.close();
  kernel.close(fd);
}

/** How far the kernel has written. */
export function ringHead({ positions }: PerfRing): bigint {
  return Atomics.load(positions, headIndex);
}

/** The next record before `head`, with its header; undefined if there is none. */
export function takeRecord({ positions, data }: PerfRing, head: bigint): Uint8Array<ArrayBuffer> | undefined {
  const tail = Atomics.load(positions, tailIndex);
  if (tail >= head) return undefined;
  const header = copyOut(data, tail, perfHeaderSize);
  const size = new DataView(header.buffer).getUint16(6, true);
  if (size < perfHeaderSize || size > data.length) {
    // Not a record: nothing behind it can be trusted.
    Atomics.store(positions, tailIndex, head);
    return undefined;
  }
  const record = copyOut(data, tail, size);
  Atomics.store(positions, tailIndex, tail + BigInt(size));
  return record;
}

/** Bytes of a ring from a position on, which counts through all that was ever written, or backwards below 0. */
export function copyOut(data: Uint8Array, position: bigint, length: number): Uint8Array<ArrayBuffer> {
  const start = Number(BigInt.asUintN(64, position) % BigInt(data.length));
  const bytes = new Uint8Array(length);
  const first = data.subarray(start, start + length);
  bytes.set(first);
  if (first.length < length) bytes.set(data.subarray(0, length - first.length), first.length);
  return bytes;
}

import { alignUp } from '../bytes/index.ts';
import { perf_event_mmap_page, perf_event_type } from '../uapi/index.ts';

const ringHeader = 8;
const busyBit = 0x8000_0000;
const discardBit = 0x4000_0000;

/**
 * The memory of a ring buffer as the kernel maps it: a page with the reader's position, a page with the writer's and the
 * data twice in a row. Here every byte is written twice.
 */
export class RingMemory {
  readonly consumer: ArrayBuffer;
  readonly producer: ArrayBuffer;
  readonly #size: number;
  readonly #consumed: BigUint64Array;
  readonly #produced: BigUint64Array;
  readonly #data: Uint8Array;

  constructor(size: number, pageSize: number) {
    this.#size = size;
    this.consumer = new ArrayBuffer(pageSize);
    this.producer = new ArrayBuffer(pageSize + 2 * size);
    this.#consumed = new BigUint64Array(this.consumer, 0, 1);
    this.#produced = new BigUint64Array(this.producer, 0, 1);
    this.#data = new Uint8Array(this.producer, pageSize);
  }

  get hasRecords(): boolean {
    return this.#produced[0]! > this.#consumed[0]!;
  }

  /** As bpf_ringbuf_output() does; false where there is no room. */
  push(record: Uint8Array): boolean {
    const start = this.#produced[0]!;
    const end = start + BigInt(alignUp(ringHeader + record.length, 8));
    if (end - this.#consumed[0]! >= BigInt(this.#size)) return false;
    const bytes = new Uint8Array(ringHeader + record.length);
    new DataView(bytes.buffer).setUint32(0, record.length, true);
    bytes.set(record, ringHeader);
    for (let i = 0; i < bytes.length; i++) {
      const at = Number((start + BigInt(i)) % BigInt(this.#size));
      this.#data[at] = bytes[i]!;
      this.#data[at + this.#size] = bytes[i]!;
    }
    this.#produced[0] = end;
    return true;
  }

  /** As bpf_user_ringbuf_drain() does: the records that user space has written, which are gone then. */
  drain(): Uint8Array[] {
    const records: Uint8Array[] = [];
    while (this.hasRecords) {
      const start = Number(this.#consumed[0]! % BigInt(this.#size));
      const header = new DataView(this.#data.buffer, this.#data.byteOffset + start, ringHeader).getUint32(0, true);
      if ((header & busyBit) !== 0) break;
      const length = (header & ~(busyBit | discardBit)) >>> 0;
      if ((header & discardBit) === 0) records.push(this.#data.slice(start + ringHeader, start + ringHeader + length));
      this.#consumed[0] = this.#consumed[0]! + BigInt(alignUp(ringHeader + length, 8));
    }
    return records;
  }
}

const headIndex = perf_event_mmap_page.members.data_head.offset / 8;
const tailIndex = perf_event_mmap_page.members.data_tail.offset / 8;
const perfHeader = 8;

/** The memory of one CPU's perf ring: a page with the positions, then the data. */
export class PerfMemory {
  readonly memory: ArrayBuffer;
  readonly #positions: BigUint64Array;
  readonly #data: Uint8Array;
  #lost = 0n;

  constructor(length: number, pageSize: number) {
    this.memory = new ArrayBuffer(length);
    this.#positions = new BigUint64Array(this.memory, 0, pageSize / 8);
    this.#data = new Uint8Array(this.memory, pageSize);
  }

  get hasRecords(): boolean {
    return this.#positions[headIndex]! > this.#positions[tailIndex]!;
  }

  /** As bpf_perf_event_output() does; false where there is no room, which the next record that fits tells. */
  push(payload: Uint8Array, time: bigint): boolean {
    const size = alignUp(perfHeader + 8 + 4 + payload.length, 8);
    const sample = header(perf_event_type.PERF_RECORD_SAMPLE, size);
    sample.setBigUint64(8, time, true);
    sample.setUint32(16, size - 20, true);
    new Uint8Array(sample.buffer).set(payload, 20);
    const lost = header(perf_event_type.PERF_RECORD_LOST, 24);
    lost.setBigUint64(16, this.#lost, true);
    const records = this.#lost > 0n ? [lost, sample] : [sample];
    const length = BigInt(records.reduce((sum, { byteLength }) => sum + byteLength, 0));
    if (this.#positions[headIndex]! - this.#positions[tailIndex]! + length > BigInt(this.#data.length)) {
      this.#lost++;
      return false;
    }
    this.#lost = 0n;
    for (const record of records) this.#write(new Uint8Array(record.buffer));
    return true;
  }

  #write(bytes: Uint8Array): void {
    const head = this.#positions[headIndex]!;
    for (let i = 0; i < bytes.length; i++) {
      this.#data[Number((head + BigInt(i)) % BigInt(this.#data.length))] = bytes[i]!;
    }
    this.#positions[headIndex] = head + BigInt(bytes.length);
  }
}

function header(type: number, size: number): DataView {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, type, true);
  view.setUint16(6, size, true);
  return view;
}

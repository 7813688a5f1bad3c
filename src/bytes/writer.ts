import { alignUp } from './align.ts';
import { encodeUtf8 } from './text.ts';

export interface ByteWriterOptions {
  /** Byte order of the numbers; little-endian unless given. */
  readonly littleEndian?: boolean;
  /** First capacity in bytes. */
  readonly capacity?: number;
}

/** A growing buffer written at its end, with patches at earlier offsets. Numbers wrap to their width. */
export class ByteWriter {
  readonly littleEndian: boolean;
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(options: ByteWriterOptions = {}) {
    this.littleEndian = options.littleEndian ?? true;
    this.#bytes = new Uint8Array(Math.max(16, options.capacity ?? 256));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, this.littleEndian);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, this.littleEndian);
    return this;
  }

  i32(value: number): this {
    const at = this.#grow(4);
    this.#view.setInt32(at, value, this.littleEndian);
    return this;
  }

  u64(value: bigint | number): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), this.littleEndian);
    return this;
  }

  bytes(source: Uint8Array): this {
    const at = this.#grow(source.length);
    this.#bytes.set(source, at);
    return this;
  }

  /** UTF-8 text followed by a NUL. */
  cstring(text: string): this {
    return this.bytes(encodeUtf8(text)).u8(0);
  }

  /** `count` zero bytes. */
  pad(count: number): this {
    const at = this.#grow(count);
    this.#bytes.fill(0, at, at + count);
    return this;
  }

  /** Zero bytes up to the next multiple of `alignment`. */
  align(alignment: number): this {
    return this.pad(alignUp(this.#length, alignment) - this.#length);
  }

  patchU8(at: number, value: number): this {
    this.#view.setUint8(this.#within(at, 1), value);
    return this;
  }

  patchU16(at: number, value: number): this {
    this.#view.setUint16(this.#within(at, 2), value, this.littleEndian);
    return this;
  }

  patchU32(at: number, value: number): this {
    this.#view.setUint32(this.#within(at, 4), value, this.littleEndian);
    return this;
  }

  patchU64(at: number, value: bigint | number): this {
    this.#view.setBigUint64(this.#within(at, 8), BigInt.asUintN(64, BigInt(value)), this.littleEndian);
    return this;
  }

  /** A copy of what was written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #within(at: number, count: number): number {
    if (!(at >= 0 && at + count <= this.#length)) throw new RangeError(`patch of ${count} bytes at ${at} is outside`);
    return at;
  }

  #grow(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const bigger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      bigger.set(this.#bytes.subarray(0, at));
      this.#bytes = bigger;
      this.#view = new DataView(bigger.buffer);
    }
    this.#length = needed;
    return at;
  }
}

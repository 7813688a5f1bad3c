import { ParseError } from '../errors/index.ts';
import { decodeUtf8 } from './text.ts';

export interface ByteReaderOptions {
  /** Name of the format, for errors, e.g. `BTF`. */
  readonly format: string;
  /** Byte order of the numbers; little-endian unless given. */
  readonly littleEndian?: boolean;
  /** Offset of `bytes[0]` in the whole input, added to the offsets of errors. */
  readonly base?: number;
}

/** A cursor over bytes. Every read beyond the end throws ParseError with the offset of the read. */
export class ByteReader {
  readonly format: string;
  readonly length: number;
  readonly littleEndian: boolean;
  readonly base: number;
  offset = 0;
  readonly #source: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, options: ByteReaderOptions) {
    this.#source = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.byteLength;
    this.format = options.format;
    this.littleEndian = options.littleEndian ?? true;
    this.base = options.base ?? 0;
  }

  get remaining(): number {
    return this.length - this.offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  i8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), this.littleEndian);
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2), this.littleEndian);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), this.littleEndian);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), this.littleEndian);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), this.littleEndian);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), this.littleEndian);
  }

  /** A u64 that is a size or an offset: ParseError when it is beyond 2^53. */
  size64(): number {
    const at = this.offset;
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.error('a size below 2^53', at);
    return Number(value);
  }

  /** The next `count` bytes, as a view (not a copy). */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#source.subarray(at, at + count);
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** Move to an absolute offset; the end itself is allowed. */
  seek(offset: number): void {
    if (!Number.isInteger(offset) || offset < 0 || offset > this.length) {
      throw this.error(`an offset within ${this.length} bytes, not ${offset}`);
    }
    this.offset = offset;
  }

  /** Text up to the next NUL, which is consumed too. */
  cstring(): string {
    const end = this.#source.indexOf(0, this.offset);
    if (end < 0) throw this.error('a NUL-terminated string');
    const text = decodeUtf8(this.#source, this.offset, end);
    this.offset = end + 1;
    return text;
  }

  /** A reader of its own for `size` bytes at `offset`, keeping byte order and error offsets. */
  slice(offset: number, size: number): ByteReader {
    if (!(offset >= 0 && size >= 0 && offset + size <= this.length)) {
      throw this.error(`${size} bytes at ${offset} within ${this.length} bytes`, offset);
    }
    return new ByteReader(this.#source.subarray(offset, offset + size), {
      format: this.format,
      littleEndian: this.littleEndian,
      base: this.base + offset,
    });
  }

  /** A ParseError at the given (or current) offset. */
  error(expectation: string, offset = this.offset): ParseError {
    return new ParseError(this.format, this.base + offset, `expected ${expectation}`);
  }

  #take(count: number): number {
    const at = this.offset;
    if (!(count >= 0) || count > this.length - at) {
      throw this.error(`${count} byte${count === 1 ? '' : 's'}, ${this.length - at} left`);
    }
    this.offset = at + count;
    return at;
  }
}

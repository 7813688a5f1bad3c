import { decodeUtf8 } from '../bytes/index.ts';

/** A member of a kernel struct. Offset and size in bytes; bit-fields say their bits within that unit. */
export interface FieldLayout {
  readonly offset: number;
  readonly size: number;
  readonly signed?: boolean;
  readonly bitOffset?: number;
  readonly bitSize?: number;
}

/** A kernel struct as data; members of nested structs are named by path (`perf_event.type`). */
export interface StructLayout {
  readonly name: string;
  readonly size: number;
  readonly members: Readonly<Record<string, FieldLayout>>;
}

/** Reads and writes members of a struct in native (little-endian) byte order. */
export class StructView<L extends StructLayout = StructLayout> {
  readonly layout: L;
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(layout: L, bytes: Uint8Array) {
    this.layout = layout;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A member: bigint where it is 8 bytes wide, else number. A member beyond the bytes reads as 0. */
  get(name: keyof L['members'] & string): number | bigint {
    const field = this.#field(name);
    if (field.offset + field.size > this.bytes.length) return field.size === 8 ? 0n : 0;
    switch (field.size) {
      case 1:
        return field.signed ? this.#view.getInt8(field.offset) : this.#view.getUint8(field.offset);
      case 2:
        return field.signed ? this.#view.getInt16(field.offset, true) : this.#view.getUint16(field.offset, true);
      case 4: {
        if (field.signed) return this.#view.getInt32(field.offset, true);
        const value = this.#view.getUint32(field.offset, true);
        return field.bitSize === undefined ? value : (value >>> field.bitOffset!) & ((1 << field.bitSize) - 1);
      }
      case 8: {
        if (field.signed) return this.#view.getBigInt64(field.offset, true);
        const value = this.#view.getBigUint64(field.offset, true);
        if (field.bitSize === undefined) return value;
        return (value >> BigInt(field.bitOffset!)) & ((1n << BigInt(field.bitSize)) - 1n);
      }
      default:
        throw new RangeError(`${this.layout.name}.${name} is not a number`);
    }
  }

  /** A member as number; one of 8 bytes must be below 2^53. */
  u32(name: keyof L['members'] & string): number {
    return Number(this.get(name));
  }

  u64(name: keyof L['members'] & string): bigint {
    return BigInt(this.get(name));
  }

  set(name: keyof L['members'] & string, value: number | bigint): this {
    const field = this.#field(name);
    if (field.bitSize !== undefined) return this.#setBits(field, BigInt(value));
    if (field.size === 8) this.#view.setBigUint64(field.offset, BigInt.asUintN(64, BigInt(value)), true);
    else if (field.size === 4) this.#view.setUint32(field.offset, Number(value) >>> 0, true);
    else if (field.size === 2) this.#view.setUint16(field.offset, Number(value), true);
    else if (field.size === 1) this.#view.setUint8(field.offset, Number(value));
    else throw new RangeError(`${this.layout.name}.${name} is not a number`);
    return this;
  }

  /** Bytes of an array member, as a view. */
  bytesOf(name: keyof L['members'] & string): Uint8Array {
    const field = this.#field(name);
    return this.bytes.subarray(field.offset, field.offset + field.size);
  }

  /** A char array member up to its NUL. */
  text(name: keyof L['members'] & string): string {
    const bytes = this.bytesOf(name);
    const end = bytes.indexOf(0);
    return decodeUtf8(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** Fills a char array member, cut so that a NUL remains. */
  setText(name: keyof L['members'] & string, text: string): this {
    const into = this.bytesOf(name);
    into.fill(0);
    const bytes = new TextEncoder().encode(text);
    into.set(bytes.subarray(0, into.length - 1));
    return this;
  }

  #setBits(field: FieldLayout, value: bigint): this {
    const mask = ((1n << BigInt(field.bitSize!)) - 1n) << BigInt(field.bitOffset!);
    const wide = field.size === 8;
    const old = wide ? this.#view.getBigUint64(field.offset, true) : BigInt(this.#view.getUint32(field.offset, true));
    const mixed = (old & ~mask) | ((value << BigInt(field.bitOffset!)) & mask);
    if (wide) this.#view.setBigUint64(field.offset, mixed, true);
    else this.#view.setUint32(field.offset, Number(mixed), true);
    return this;
  }

  #field(name: string): FieldLayout {
    const field = this.layout.members[name];
    if (field === undefined) throw new RangeError(`${this.layout.name} has no member ${name}`);
    return field;
  }
}

/** A view over `bytes`, or over zeroed bytes of the struct's size. */
export function structView<L extends StructLayout>(layout: L, bytes = new Uint8Array(layout.size)): StructView<L> {
  return new StructView(layout, bytes);
}

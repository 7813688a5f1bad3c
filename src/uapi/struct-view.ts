import { cstr } from '../bytes/index.ts';

/** One scalar or array of scalars in a struct. `bitOffset` counts from the least significant bit of its unit of `size` bytes. */
export interface StructMember {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Bytes of the whole member; of the storage unit for a bit-field. */
  readonly size: number;
  readonly signed?: boolean;
  /** Number of elements, for arrays. */
  readonly count?: number;
  readonly bitOffset?: number;
  readonly bitSize?: number;
}

/** A C struct as data. Members of named inner structs have dotted names; offsets are from the outermost start. */
export interface StructLayout<Name extends string = string> {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly members: Readonly<Record<Name, StructMember>>;
}

/** Typed access to the bytes of one struct, in the machine's byte order. */
export interface StructView<Name extends string = string> {
  readonly layout: StructLayout<Name>;
  readonly bytes: Uint8Array;
  /** The value: bigint for 8-byte members, number else. */
  get(name: Name): number | bigint;
  set(name: Name, value: number | bigint): this;
  /** A member of at most 4 bytes, or an 8-byte one known to be below 2^53. */
  u32(name: Name): number;
  u64(name: Name): bigint;
  /** The member's bytes, as a view. */
  bytesOf(name: Name): Uint8Array;
  /** A char array up to its NUL. */
  text(name: Name): string;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * A view over `bytes`, or over fresh zeroed bytes of the layout's size. Shorter bytes are allowed (an older kernel's
 * struct): members beyond the end read as 0 and cannot be set.
 */
export function structView<Name extends string>(layout: StructLayout<Name>, bytes?: Uint8Array): StructView<Name> {
  return new View(layout, bytes ?? new Uint8Array(layout.size));
}

class View<Name extends string> implements StructView<Name> {
  readonly layout: StructLayout<Name>;
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(layout: StructLayout<Name>, bytes: Uint8Array) {
    this.layout = layout;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get(name: Name): number | bigint {
    const member = this.#member(name);
    if (member.offset + member.size > this.bytes.length) return member.size === 8 ? 0n : 0;
    if (member.bitSize !== undefined) {
      const shifted = this.#unit(member) >> BigInt(this.#shift(member));
      const value = BigInt.asUintN(member.bitSize, shifted);
      return member.size === 8 && member.bitSize > 32 ? value : Number(value);
    }
    switch (member.size) {
      case 1:
        return member.signed ? this.#view.getInt8(member.offset) : this.#view.getUint8(member.offset);
      case 2:
        return member.signed
          ? this.#view.getInt16(member.offset, littleEndian)
          : this.#view.getUint16(member.offset, littleEndian);
      case 4:
        return member.signed
          ? this.#view.getInt32(member.offset, littleEndian)
          : this.#view.getUint32(member.offset, littleEndian);
      case 8:
        return member.signed
          ? this.#view.getBigInt64(member.offset, littleEndian)
          : this.#view.getBigUint64(member.offset, littleEndian);
      default:
        throw new TypeError(`${this.layout.name}.${name} is not a scalar`);
    }
  }

  set(name: Name, value: number | bigint): this {
    const member = this.#member(name);
    if (member.bitSize !== undefined) {
      const shift = BigInt(this.#shift(member));
      const mask = ((1n << BigInt(member.bitSize)) - 1n) << shift;
      this.#store(member, (this.#unit(member) & ~mask) | ((BigInt(value) << shift) & mask));
    } else {
      this.#store(member, BigInt(value));
    }
    return this;
  }

  u32(name: Name): number {
    return Number(this.get(name));
  }

  u64(name: Name): bigint {
    return BigInt(this.get(name));
  }

  bytesOf(name: Name): Uint8Array {
    const member = this.#member(name);
    return this.bytes.subarray(member.offset, member.offset + member.size);
  }

  text(name: Name): string {
    return cstr(this.bytesOf(name));
  }

  #member(name: Name): StructMember {
    return this.layout.members[name];
  }

  #shift(member: StructMember): number {
    const offset = member.bitOffset ?? 0;
    return littleEndian ? offset : member.size * 8 - offset - (member.bitSize ?? 0);
  }

  #unit(member: StructMember): bigint {
    const { offset, size } = member;
    if (size === 8) return this.#view.getBigUint64(offset, littleEndian);
    if (size === 4) return BigInt(this.#view.getUint32(offset, littleEndian));
    return BigInt(size === 2 ? this.#view.getUint16(offset, littleEndian) : this.#view.getUint8(offset));
  }

  #store(member: StructMember, value: bigint): void {
    const { offset, size } = member;
    if (size === 8) this.#view.setBigUint64(offset, BigInt.asUintN(64, value), littleEndian);
    else if (size === 4) this.#view.setUint32(offset, Number(BigInt.asUintN(32, value)), littleEndian);
    else if (size === 2) this.#view.setUint16(offset, Number(BigInt.asUintN(16, value)), littleEndian);
    else if (size === 1) this.#view.setUint8(offset, Number(BigInt.asUintN(8, value)));
    else throw new TypeError(`member of ${size} bytes in ${this.layout.name} is not a scalar`);
  }
}

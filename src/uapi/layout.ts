import { decodeUtf8, zeroedBytes } from '../bytes/index.ts';
import type { NativeStruct, Pointer } from './native-struct.ts';

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

const noPointers: readonly Pointer[] = [];
const reads = { isWritten: false };
const writes = { isWritten: true };

/** A pointer member of a view, which may be pointed elsewhere. */
export type OwnPointer = { -readonly [Key in keyof Pointer]: Pointer[Key] };

/**
 * Reads and writes members of a struct in native (little-endian) byte order. It keeps the arrays that its pointer
 * members name.
 */
export class StructView<L extends StructLayout = StructLayout> implements NativeStruct {
  readonly layout: L;
  readonly bytes: Uint8Array;
  /** Set for commands that have no result in their attribute. */
  isOnlyRead = false;
  /** Set to 0 where all changes of the bytes are made by `set`, which counts them then. */
  version: number | undefined;
  readonly #view: DataView;
  #pointers: OwnPointer[] | undefined;

  constructor(layout: L, bytes: Uint8Array, pointers?: readonly Pointer[]) {
    this.layout = layout;
    this.#pointers = pointers?.map((pointer) => ({ ...pointer }));
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get pointers(): readonly Pointer[] {
    return this.#pointers ?? noPointers;
  }

  /** Points a member at bytes that the kernel reads; undefined or empty ones make it a null pointer. */
  point(name: keyof L['members'] & string, target: Uint8Array | NativeStruct | undefined): this {
    return this.#point(name, target, reads);
  }

  /**
   * Points a member at bytes that the kernel writes, as `point` does. They have what it wrote when the call has ended;
   * until then, and where it wrote nothing, what they had.
   */
  receive(name: keyof L['members'] & string, target: Uint8Array | NativeStruct | undefined): this {
    return this.#point(name, target, writes);
  }

  /** @internal A pointer member, pointed elsewhere between calls without another look at the layout. Null at first. */
  pointer(name: keyof L['members'] & string): OwnPointer {
    this.#point(name, zeroedBytes(0), reads);
    const { offset } = this.#field(name);
    return this.#pointers!.find((pointer) => pointer.offset === offset)!;
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
    if (this.version !== undefined) this.version++;
    const field = this.#field(name);
    if (field.bitSize !== undefined) return this.#setBits(field, BigInt(value));
    if (field.size === 8) this.#setWide(field, value);
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

  #setWide({ offset }: FieldLayout, value: number | bigint): void {
    if (this.#pointers !== undefined) this.#forget(offset);
    if (typeof value === 'number' && value >= 0 && value <= 0xffff_ffff) {
      // Without a bigint: this is most of them, and ten times as fast.
      this.#view.setUint32(offset, value, true);
      this.#view.setUint32(offset + 4, 0, true);
    } else {
      this.#view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), true);
    }
  }

  #point(name: string, target: Uint8Array | NativeStruct | undefined, how: Pick<Pointer, 'isWritten'>): this {
    const { offset, size } = this.#field(name);
    if (size !== 8) throw new RangeError(`${this.layout.name}.${name} is not a pointer`);
    if (offset + size > this.bytes.length) throw new RangeError(`${this.layout.name}.${name} is beyond the bytes`);
    this.#view.setUint32(offset, 0, true);
    this.#view.setUint32(offset + 4, 0, true);
    if (target === undefined) {
      if (this.#pointers !== undefined) this.#forget(offset);
      return this;
    }
    this.#pointers ??= [];
    // A view that serves many calls points the same members again.
    for (const pointer of this.#pointers) {
      if (pointer.offset !== offset) continue;
      pointer.target = target;
      pointer.isWritten = how.isWritten;
      return this;
    }
    this.#pointers.push({ offset, target, start: 0, isWritten: how.isWritten });
    return this;
  }

  #forget(offset: number): void {
    const index = this.#pointers!.findIndex((pointer) => pointer.offset === offset);
    if (index >= 0) this.#pointers!.splice(index, 1);
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
export function structView<L extends StructLayout>(
  layout: L,
  bytes: Uint8Array = zeroedBytes(layout.size),
): StructView<L> {
  return new StructView(layout, bytes);
}

/** A view of a copy of `from`, as large as either: what `from` does not have counts as zero. Its pointers name the same. */
export function copyStruct<L extends StructLayout>(from: NativeStruct, layout: L): StructView<L> {
  const bytes = zeroedBytes(Math.max(from.bytes.length, layout.size));
  bytes.set(from.bytes);
  return new StructView(layout, bytes, from.pointers);
}

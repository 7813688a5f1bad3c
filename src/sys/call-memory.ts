import type { NativeStruct, Pointer } from '../uapi/index.ts';
import type { Libc } from './libc.ts';

const size = 1 << 16;
/** Arrays up to this size are copied: cheaper than to ask where they are, as V8 moves small ones off its heap for that. */
const largestCopied = 1 << 13;

/**
 * Memory that stays where it is, in which the arguments of system calls are laid out. One call at a time uses it: no
 * JavaScript runs between `place` and `takeBack` but that of these two.
 */
export class CallMemory {
  readonly #libc: Libc;
  readonly #bytes = new Uint8Array(size);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #base: number;
  #first = this.#bytes.subarray(0, 0);
  #used = 0;
  /** What the call names, kept from collection while it runs; where a copy was made, its place, else -1. */
  readonly #targets: (Uint8Array | undefined)[] = [];
  readonly #places: number[] = [];
  #count = 0;
  /** What was laid out last, if it may be given again: as of which version, and its targets' lengths and places. */
  #last: NativeStruct | undefined;
  #version: number | undefined;
  readonly #lengths: number[] = [];
  readonly #lastPlaces: number[] = [];

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#base = Number(libc.address(this.#bytes));
  }

  /** Puts a struct and all it points to where the kernel can read it: the address of the struct. */
  place(struct: NativeStruct): number {
    this.#count = 0;
    if (struct === this.#last && struct.version === this.#version && this.#placeAgain(struct.pointers)) {
      return this.#base;
    }
    this.#used = 0;
    this.#last = undefined;
    const address = this.#placeStruct(struct, struct);
    if (struct.version !== undefined && this.#isSimple(struct)) this.#last = struct;
    this.#version = struct.version;
    return address;
  }

  /** Whether nothing but the targets' bytes has to be copied next time; notes where they are. */
  #isSimple({ bytes, pointers, isOnlyRead }: NativeStruct): boolean {
    if (isOnlyRead !== true || bytes.length > largestCopied) return false;
    this.#lengths.length = pointers.length;
    let place = aligned(bytes.length);
    for (let i = 0; i < pointers.length; i++) {
      const { target, start } = pointers[i]!;
      // One array for two pointers has one place.
      if (!(target instanceof Uint8Array) || target.length > largestCopied || start !== 0 || place > size / 2)
        return false;
      if (i > 0 && pointers[i - 1]!.target === target) return false;
      this.#lengths[i] = target.length;
      this.#lastPlaces[i] = place;
      place += aligned(target.length);
    }
    return true;
  }

  /** Fills the places of the call before; false where the targets are not as long as then. */
  #placeAgain(pointers: readonly Pointer[]): boolean {
    if (pointers.length !== this.#lengths.length) return false;
    for (let i = 0; i < pointers.length; i++) {
      if ((pointers[i]!.target as Uint8Array).length !== this.#lengths[i]) return false;
    }
    for (let i = 0; i < pointers.length; i++) {
      const { target, isWritten } = pointers[i]!;
      this.#copyIn(target as Uint8Array, this.#lastPlaces[i]!);
      if (isWritten) this.#keep(target as Uint8Array, this.#lastPlaces[i]!);
    }
    return true;
  }

  /** Hands what the kernel wrote to the arrays that wait for it, and lets go of all of them. */
  takeBack(): void {
    for (let i = 0; i < this.#count; i++) {
      const place = this.#places[i]!;
      if (place >= 0) this.#copyOut(this.#targets[i]!, place);
      this.#targets[i] = undefined;
    }
    this.#count = 0;
  }

  /** What the kernel writes to the struct itself is taken back unless it only reads it. */
  #placeStruct({ bytes, pointers }: NativeStruct, { isOnlyRead }: Pick<NativeStruct, 'isOnlyRead'>): number {
    const place = this.#reserve(bytes.length);
    if (place < 0) {
      // The kernel reads and writes the array itself, and the addresses are written into it.
      const address = this.#addressWithin(bytes);
      if (pointers.length > 0) this.#writePointers(viewOf(bytes), 0, pointers);
      return address;
    }
    this.#copyIn(bytes, place);
    if (isOnlyRead !== true) this.#keep(bytes, place);
    this.#writePointers(this.#view, place, pointers);
    return this.#base + place;
  }

  #writePointers(view: DataView, at: number, pointers: readonly Pointer[]): void {
    let last: Pointer | undefined;
    let address = 0;
    for (let i = 0; i < pointers.length; i++) {
      const pointer = pointers[i]!;
      // A table of texts names one array many times.
      const isSame = pointer.target === last?.target && pointer.isWritten === last.isWritten;
      if (!isSame) address = this.#addressOf(pointer);
      last = pointer;
      writeAddress(view, at + pointer.offset, address === 0 ? 0 : address + pointer.start);
    }
  }

  #addressOf({ target, isWritten }: Pointer): number {
    if (!(target instanceof Uint8Array)) return this.#placeStruct(target, { isOnlyRead: !isWritten });
    if (target.length === 0) return 0;
    const place = this.#reserve(target.length);
    if (place < 0) return this.#addressWithin(target);
    this.#copyIn(target, place);
    if (isWritten) this.#keep(target, place);
    return this.#base + place;
  }

  #addressWithin(bytes: Uint8Array): number {
    this.#keep(bytes, -1);
    return Number(this.#libc.address(bytes));
  }

  /** The place of so many bytes, -1 if they are too many. */
  #reserve(length: number): number {
    const place = this.#used;
    if (length > largestCopied || place + length > size) return -1;
    this.#used = place + aligned(length);
    return place;
  }

  #keep(bytes: Uint8Array, place: number): void {
    this.#targets[this.#count] = bytes;
    this.#places[this.#count++] = place;
  }

  #copyIn(bytes: Uint8Array, place: number): void {
    const { length } = bytes;
    if (length > 32) {
      this.#bytes.set(bytes, place);
      return;
    }
    const into = this.#bytes;
    for (let i = 0; i < length; i++) into[place + i] = bytes[i]!;
  }

  /** The first bytes, where the attribute of every call lies: it costs more to make a view of them than to copy them. */
  #beginning(length: number): Uint8Array {
    if (this.#first.length !== length) this.#first = this.#bytes.subarray(0, length);
    return this.#first;
  }

  #copyOut(bytes: Uint8Array, place: number): void {
    const { length } = bytes;
    if (length > 32) bytes.set(place === 0 ? this.#beginning(length) : this.#bytes.subarray(place, place + length));
    else {
      const from = this.#bytes;
      for (let i = 0; i < length; i++) bytes[i] = from[place + i]!;
    }
  }
}

function aligned(length: number): number {
  return (length + 7) & ~7;
}

/**
 * Everything of a call on another thread stays in its own arrays: their addresses are written into the bytes of `struct`.
 * Returns the arrays, to be kept until the call has ended.
 */
export function pinInPlace(libc: Libc, struct: NativeStruct): { address: number; kept: Uint8Array[] } {
  const kept: Uint8Array[] = [];
  const pin = ({ bytes, pointers }: NativeStruct): number => {
    kept.push(bytes);
    for (const { offset, target, start } of pointers) {
      const address = target instanceof Uint8Array ? pin({ bytes: target, pointers: [] }) : pin(target);
      writeAddress(viewOf(bytes), offset, address === 0 ? 0 : address + start);
    }
    return bytes.length === 0 ? 0 : Number(libc.address(bytes));
  };
  return { address: pin(struct), kept };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function writeAddress(view: DataView, offset: number, address: number): void {
  view.setUint32(offset, address, true);
  view.setUint32(offset + 4, address / 0x1_0000_0000, true);
}

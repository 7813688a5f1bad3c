import { Errno } from '../../errors/index.ts';
import { alignUp, ByteWriter, encodeUtf8 } from '../../bytes/index.ts';
import { ObjectError } from '../../object/index.ts';
import type { StructLayout } from '../../uapi/index.ts';

/** What the generator may put into one attribute: text is cut so that a NUL follows. */
export type AttributeValues = Readonly<Record<string, number | bigint | string>>;

const largest = 0x7fffffff;

/** The loader's data: attributes, names, instructions, contents of maps. Parts begin at multiples of 8 bytes. */
export class Blob {
  readonly littleEndian: boolean;
  readonly #writer: ByteWriter;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
    this.#writer = new ByteWriter({ littleEndian, capacity: 4096 });
  }

  /** Returns the offset of the part. ObjectError beyond what a map's value can hold. */
  add(bytes: Uint8Array): number {
    return this.#append(bytes.length, () => this.#writer.bytes(bytes));
  }

  reserve(size: number): number {
    return this.#append(size, () => this.#writer.pad(size));
  }

  /** Text and a NUL. */
  addText(text: string): { at: number; length: number } {
    const bytes = encodeUtf8(`${text}\0`);
    return { at: this.add(bytes), length: bytes.length };
  }

  addWord(value: number): number {
    const at = this.reserve(4);
    this.#writer.patchU32(at, value);
    return at;
  }

  /** The first part of an attribute of bpf(2), up to and with the member `last`. */
  addAttribute(layout: StructLayout, last: string, values: AttributeValues): Attribute {
    const end = layout.members[last]!;
    const attribute = new Attribute(layout, this.reserve(end.offset + end.size), end.offset + end.size);
    for (const [member, value] of Object.entries(values)) {
      const { size } = layout.members[member]!;
      const at = attribute.member(member);
      if (typeof value === 'string') {
        const text = encodeUtf8(value).subarray(0, size - 1);
        for (const [index, byte] of text.entries()) this.#writer.patchU8(at + index, byte);
      } else if (size === 8) this.#writer.patchU64(at, value);
      else this.#writer.patchU32(at, Number(value) >>> 0);
    }
    return attribute;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }

  #append(size: number, write: () => void): number {
    const at = this.#writer.length;
    if (at + alignUp(size, 8) > largest)
      throw new ObjectError('the data of the loader program is too large', Errno.ERANGE);
    try {
      write();
      this.#writer.align(8);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new ObjectError('there is no memory for the data of the loader program', Errno.ENOMEM, { cause });
    }
    return at;
  }
}

/** An attribute in the blob. */
export class Attribute {
  readonly layout: StructLayout;
  /** Offset in the blob, in bytes. */
  readonly at: number;
  readonly size: number;

  constructor(layout: StructLayout, at: number, size: number) {
    this.layout = layout;
    this.at = at;
    this.size = size;
  }

  /** Offset of a member in the blob. */
  member(name: string): number {
    return this.at + this.layout.members[name]!.offset;
  }
}

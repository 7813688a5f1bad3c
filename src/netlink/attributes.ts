import { cstr } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { NLA_F_NESTED, NLA_TYPE_MASK } from '../uapi/index.ts';

const headerSize = 4;
const align = (length: number): number => (length + 3) & ~3;

/**
 * The attributes of a message, or those nested in one of its attributes, by type. Of repeated ones the last counts.
 * An attribute is a length (with its header), a type and its content, padded to 4 bytes; numbers are in the order of
 * this machine, which is little-endian.
 */
export class Attributes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** By type: where the content begins, and its length. */
  readonly #begins: number[] = [];
  readonly #lengths: number[] = [];

  /** Throws ParseError where a length says more than there is, or less than its own header. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; ) {
      if (bytes.length - at < headerSize) throw this.#error(at, 'the header of an attribute');
      const length = this.#view.getUint16(at, true);
      if (length < headerSize || length > bytes.length - at) {
        throw this.#error(at, `an attribute of 4 to ${bytes.length - at} bytes, not ${length}`);
      }
      const type = this.#view.getUint16(at + 2, true) & NLA_TYPE_MASK;
      this.#begins[type] = at + headerSize;
      this.#lengths[type] = length - headerSize;
      at += align(length);
    }
  }

  has(type: number): boolean {
    return this.#begins[type] !== undefined;
  }

  /** The content as a view of the message. */
  get(type: number): Uint8Array | undefined {
    const begin = this.#begins[type];
    return begin === undefined ? undefined : this.#bytes.subarray(begin, begin + this.#lengths[type]!);
  }

  /** A number of one byte. Throws ParseError where there is less than that. */
  u8(type: number): number | undefined {
    const begin = this.#number(type, 1);
    return begin === undefined ? undefined : this.#view.getUint8(begin);
  }

  /** A number of four bytes. Throws ParseError where there is less than that. */
  u32(type: number): number | undefined {
    const begin = this.#number(type, 4);
    return begin === undefined ? undefined : this.#view.getUint32(begin, true);
  }

  /** The text before the first NUL, or all of it. */
  text(type: number): string | undefined {
    const bytes = this.get(type);
    return bytes === undefined ? undefined : cstr(bytes);
  }

  /** The attributes in an attribute. Throws ParseError as the constructor does. */
  nested(type: number): Attributes | undefined {
    const bytes = this.get(type);
    return bytes === undefined ? undefined : new Attributes(bytes);
  }

  #number(type: number, size: number): number | undefined {
    const begin = this.#begins[type];
    if (begin !== undefined && this.#lengths[type]! < size) {
      throw this.#error(begin, `${size} bytes in attribute ${type}, not ${this.#lengths[type]}`);
    }
    return begin;
  }

  #error(offset: number, expectation: string): ParseError {
    return new ParseError('netlink attributes', offset, `expected ${expectation}`);
  }
}

/** One attribute, padded to 4 bytes; `content` may itself be attributes (then pass `nested`). */
export function attribute(type: number, content: Uint8Array, options: { nested?: boolean } = {}): Uint8Array {
  const bytes = new Uint8Array(align(headerSize + content.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, headerSize + content.length, true);
  view.setUint16(2, options.nested ? type | NLA_F_NESTED : type, true);
  bytes.set(content, headerSize);
  return bytes;
}

/** An attribute that holds a 32-bit number. */
export function numberAttribute(type: number, value: number): Uint8Array {
  return attribute(type, new Uint8Array(Int32Array.of(value).buffer));
}

/** Parts of a message one after another. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

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

  /** Throws ParseError where a length says more than there is, or less than its own header. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += align(this.#lengthAt(at))) this.#check(at);
  }

  has(type: number): boolean {
    return this.#find(type) !== undefined;
  }

  /** The content as a view of the message. */
  get(type: number): Uint8Array | undefined {
    const at = this.#find(type);
    return at === undefined ? undefined : this.#bytes.subarray(at + headerSize, at + this.#lengthAt(at));
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

  /** Where the last attribute of a type begins. Few are asked for of the many that a device has: an index would cost more. */
  #find(type: number): number | undefined {
    let found: number | undefined;
    for (let at = 0; at < this.#bytes.length; at += align(this.#lengthAt(at))) {
      if ((this.#view.getUint16(at + 2, true) & NLA_TYPE_MASK) === type) found = at;
    }
    return found;
  }

  #lengthAt(at: number): number {
    return this.#view.getUint16(at, true);
  }

  #check(at: number): void {
    const left = this.#bytes.length - at;
    if (left < headerSize) throw this.#error(at, 'the header of an attribute');
    const length = this.#lengthAt(at);
    if (length < headerSize || length > left) {
      throw this.#error(at, `an attribute of ${headerSize} to ${left} bytes, not ${length}`);
    }
  }

  #number(type: number, size: number): number | undefined {
    const at = this.#find(type);
    if (at === undefined) return undefined;
    const length = this.#lengthAt(at) - headerSize;
    if (length < size) throw this.#error(at, `${size} bytes in attribute ${type}, not ${length}`);
    return at + headerSize;
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

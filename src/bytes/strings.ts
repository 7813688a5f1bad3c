import { ParseError } from '../errors/index.ts';
import { decodeUtf8, encodeUtf8 } from './text.ts';

/** NUL-terminated strings addressed by byte offset, as in ELF and BTF. Decoded on demand, then remembered. */
export class StringTable {
  readonly bytes: Uint8Array;
  readonly format: string;
  readonly base: number;
  readonly #known = new Map<number, string>();

  /** `base` is the table's offset in the whole input, added to the offsets of errors. */
  constructor(bytes: Uint8Array, options: { format: string; base?: number }) {
    this.bytes = bytes;
    this.format = options.format;
    this.base = options.base ?? 0;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** The string that starts at `offset`. ParseError when the offset is outside or no NUL follows. */
  at(offset: number): string {
    const known = this.#known.get(offset);
    if (known !== undefined) return known;
    if (!(offset >= 0 && offset < this.bytes.length)) {
      throw new ParseError(
        this.format,
        this.base,
        `string offset ${offset} outside a table of ${this.bytes.length} bytes`,
      );
    }
    const end = this.bytes.indexOf(0, offset);
    if (end < 0) throw new ParseError(this.format, this.base + offset, 'expected a NUL-terminated string');
    const text = decodeUtf8(this.bytes, offset, end);
    this.#known.set(offset, text);
    return text;
  }
}

/** Builds a string table: offset 0 is the empty string, equal strings share one offset. */
export class StringTableBuilder {
  readonly #offsets = new Map<string, number>([['', 0]]);
  readonly #parts: Uint8Array[] = [new Uint8Array(1)];
  #length: number;
  readonly #start: number;

  /** `start` is added to the offsets of all strings but the empty one: the size of a base table (split BTF). */
  constructor(options: { start?: number } = {}) {
    this.#start = options.start ?? 0;
    this.#length = this.#start === 0 ? 1 : 0;
    if (this.#start !== 0) this.#parts.length = 0;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Offset of `text`, adding it when it is new. */
  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const encoded = encodeUtf8(text);
    const part = new Uint8Array(encoded.length + 1);
    part.set(encoded);
    const offset = this.#start + this.#length;
    this.#parts.push(part);
    this.#length += part.length;
    this.#offsets.set(text, offset);
    return offset;
  }

  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

import { encodeUtf8, hostIsLittleEndian } from '../bytes/index.ts';
import { putU32 } from './ascii.ts';

const pieceBytes = 0x10000;

/** ASCII that is written often: eight bytes a word, the last word filled up. */
export interface Piece {
  readonly words: Float64Array;
  readonly length: number;
}

/** ASCII as a piece; `length` is that of the text, without what fills up the last word. */
export function piece(ascii: string): Piece {
  const bytes = new Uint8Array(Math.ceil(ascii.length / 8) * 8);
  bytes.set(encodeUtf8(ascii));
  return { words: new Float64Array(bytes.buffer), length: ascii.length };
}

/**
 * UTF-8 text put together byte by byte and handed on in pieces. For the millions of short words of a dump this is much
 * cheaper than strings: names are copied from where they lie, and nothing has to be encoded at the end.
 */
export class ByteText {
  #bytes = new Uint8Array(2 * pieceBytes);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** While text is held, nothing is handed on. */
  #holds = 0;
  readonly #write: (utf8: Uint8Array) => void;

  /** `write` receives a view that is reused after it returns. */
  constructor(write: (utf8: Uint8Array) => void) {
    this.#write = write;
  }

  put(text: string): void {
    const { length } = text;
    const bytes = this.#room(length);
    let at = this.#length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#putEncoded(text);
        return;
      }
      bytes[at++] = code;
    }
    this.#length = at;
  }

  #putEncoded(text: string): void {
    const encoded = encodeUtf8(text);
    this.#room(encoded.length).set(encoded, this.#length);
    this.#length += encoded.length;
  }

  piece({ words, length }: Piece): void {
    this.#room(length + 7);
    const view = this.#view;
    const at = this.#length;
    for (let i = 0; i < words.length; i++) view.setFloat64(at + i * 8, words[i]!, hostIsLittleEndian);
    this.#length = at + length;
  }

  /** An unsigned 32-bit number in decimal. */
  uint(value: number): void {
    this.#room(10);
    this.#length = putU32(this.#view, this.#length, value);
  }

  /** The bytes from an offset up to the next NUL. */
  name(strings: Uint8Array, offset: number): void {
    let end = offset;
    while (end < strings.length && strings[end] !== 0) end++;
    const bytes = this.#room(end - offset);
    let at = this.#length;
    for (let i = offset; i < end; i++) bytes[at++] = strings[i]!;
    this.#length = at;
  }

  /** Room for `count` more bytes. */
  #room(count: number): Uint8Array {
    if (this.#length + count > this.#bytes.length) {
      if (this.#holds === 0) this.flush();
      if (this.#length + count > this.#bytes.length) {
        const larger = new Uint8Array(2 * (this.#length + count));
        larger.set(this.#bytes.subarray(0, this.#length));
        this.#bytes = larger;
        this.#view = new DataView(larger.buffer);
      }
    }
    return this.#bytes;
  }

  /** Bytes of another text. */
  copy(source: Uint8Array, start: number, end: number): void {
    const bytes = this.#room(end - start);
    let at = this.#length;
    for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    this.#length = at;
  }

  /** From here on text is kept until it is taken; returns where it begins. */
  hold(): number {
    this.#holds++;
    return this.#length;
  }

  /** The text since `start`, which goes nowhere else: a view that is good until more is put. */
  take(start: number): Uint8Array {
    this.#holds--;
    const text = this.#bytes.subarray(start, this.#length);
    this.#length = start;
    return text;
  }

  flush(): void {
    if (this.#length > 0) this.#write(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }
}

import { encodeUtf8 } from '../../bytes/index.ts';

/** Characters on a line of a string constant. */
const lineWidth = 78;
const zero = encodeUtf8('\\0');
const escapes = Array.from({ length: 256 }, (_, byte) =>
  byte === 0 ? zero : encodeUtf8(`\\x${byte.toString(16).padStart(2, '0')}`),
);
const backslash = 0x5c;
const newline = 0x0a;

/** Generated code, put together from text and bytes. */
export class CodeText {
  readonly #parts: Uint8Array[] = [];
  #pending = '';

  put(text: string): void {
    this.#pending += text;
  }

  /** UTF-8 that is taken as it is. */
  utf8(parts: readonly Uint8Array[]): void {
    this.#take();
    this.#parts.push(...parts);
  }

  /** Bytes as they stand inside a C string constant, in lines that a backslash ends. Source: print_hex of bpftool. */
  hex(bytes: Uint8Array): void {
    this.#take();
    this.#parts.push(hexLines(bytes));
  }

  #take(): void {
    if (this.#pending !== '') this.#parts.push(encodeUtf8(this.#pending));
    this.#pending = '';
  }

  /** All of it so far, as UTF-8. */
  finish(): Uint8Array {
    this.#take();
    const all = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function hexLines(bytes: Uint8Array): Uint8Array {
  // At most four characters a byte, and two more where a line ends, which no 19 bytes are without.
  const text = new Uint8Array(bytes.length * 4 + 2 * Math.ceil(bytes.length / 19) + 2);
  let at = 0;
  let width = 0;
  for (let i = 0; i < bytes.length; i++) {
    const escaped = escapes[bytes[i]!]!;
    width += escaped.length;
    if (width > lineWidth) {
      text[at++] = backslash;
      text[at++] = newline;
      width = escaped.length;
    }
    for (let k = 0; k < escaped.length; k++) text[at++] = escaped[k]!;
  }
  return text.subarray(0, at);
}

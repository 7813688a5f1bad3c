/** NUL-terminated strings that are each stored once, in the order in which they first came; offset 0 is the empty one. */
export class StringSet {
  readonly #offsets = new Map<string, number>([['', 0]]);
  readonly #texts = new Map<number, string>([[0, '']]);
  #length = 1;

  /** The offset of `text` (one character for each byte), which is added where it is new. */
  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#length;
    this.#offsets.set(text, offset);
    this.#texts.set(offset, text);
    this.#length += text.length + 1;
    return offset;
  }

  /** The string that was added at `offset`. */
  text(offset: number): string {
    return this.#texts.get(offset) ?? '';
  }

  finish(): Uint8Array {
    const bytes = Buffer.alloc(this.#length);
    for (const [offset, text] of this.#texts) bytes.write(text, offset, 'latin1');
    return bytes;
  }
}

/** A name of which each character is a byte, as a person reads it. */
export function readable(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

import type { ByteText } from '../byte-text.ts';

/** What stands before and after the name in a declaration with a type, by type id, once it has been written. */
export class DeclaratorCache {
  #bytes = new Uint8Array(1 << 16);
  #used = 0;
  /** Per id: where its text begins, where the name belongs, and where it ends; all 0 while unknown. */
  readonly #places: Uint32Array;

  constructor(count: number) {
    this.#places = new Uint32Array(3 * count);
    // So that 0 is no place.
    this.#used = 1;
  }

  /** Writes the text around the name at a string offset; false where it is not known. */
  write(id: number, out: ByteText, strings: Uint8Array, name: number): boolean {
    const places = this.#places;
    const start = places[3 * id]!;
    if (start === 0) return false;
    out.copy(this.#bytes, start, places[3 * id + 1]!);
    out.name(strings, name);
    out.copy(this.#bytes, places[3 * id + 1]!, places[3 * id + 2]!);
    return true;
  }

  /** Remembers a text whose name is a NUL, and where it is. Without one nothing follows the text. */
  keep(id: number, text: Uint8Array): void {
    const at = text.indexOf(0);
    const [before, after] = at < 0 ? [text, text.subarray(text.length)] : [text.subarray(0, at), text.subarray(at + 1)];
    if (this.#used + text.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#used + text.length));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
    }
    this.#places[3 * id] = this.#used;
    this.#bytes.set(before, this.#used);
    this.#used += before.length;
    this.#places[3 * id + 1] = this.#used;
    this.#bytes.set(after, this.#used);
    this.#used += after.length;
    this.#places[3 * id + 2] = this.#used;
  }

  /** Forgets a text that was kept last: it is not the same for every name. */
  forget(id: number): void {
    this.#used = this.#places[3 * id]!;
    this.#places[3 * id] = 0;
  }
}

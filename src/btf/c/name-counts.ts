/** Counts how often names are used; names are string offsets, and equal where their bytes are. */
export class NameCounts {
  readonly #strings: Uint8Array;
  /** Open addressing: index of an entry plus one, 0 where free. */
  #table = new Int32Array(1 << 12);
  #offsets: number[] = [];
  #counts: number[] = [];

  constructor(strings: Uint8Array) {
    this.#strings = strings;
  }

  /** Counts one more use and says the how-manieth it is. */
  use(offset: number): number {
    if (this.#offsets.length * 2 >= this.#table.length) this.#grow();
    const slot = this.#slot(offset);
    const entry = this.#table[slot]! - 1;
    if (entry >= 0) return ++this.#counts[entry]!;
    this.#table[slot] = this.#offsets.push(offset);
    this.#counts.push(1);
    return 1;
  }

  /** The slot of an equal name, or the free one where it belongs. */
  #slot(offset: number): number {
    const mask = this.#table.length - 1;
    let slot = hashOf(this.#strings, offset) & mask;
    for (let entry = this.#table[slot]!; entry > 0; entry = this.#table[slot]!) {
      if (sameString(this.#strings, this.#offsets[entry - 1]!, offset)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    this.#table = new Int32Array(this.#table.length * 2);
    for (let entry = 0; entry < this.#offsets.length; entry++)
      this.#table[this.#slot(this.#offsets[entry]!)] = entry + 1;
  }
}

function hashOf(strings: Uint8Array, offset: number): number {
  let hash = 0x811c9dc5;
  for (let i = offset; i < strings.length && strings[i] !== 0; i++) hash = Math.imul(hash ^ strings[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function sameString(strings: Uint8Array, a: number, b: number): boolean {
  if (a === b) return true;
  for (let i = 0; ; i++) {
    const byte = strings[a + i] ?? 0;
    if (byte !== (strings[b + i] ?? 0)) return false;
    if (byte === 0) return true;
  }
}

/** Counts how often names are used; names are string offsets, and equal where their bytes are. */
export class NameCounts {
  readonly #strings: Uint8Array;
  /** Open addressing: index of an entry plus one, 0 where free. */
  #table = new Int32Array(1 << 12);
  readonly #offsets: number[] = [];
  readonly #hashes: number[] = [];
  readonly #counts: number[] = [];

  constructor(strings: Uint8Array) {
    this.#strings = strings;
  }

  /** Counts one more use and says the how-manieth it is. */
  use(offset: number): number {
    // At most half full, so that searches stay short.
    if (this.#offsets.length * 2 >= this.#table.length) this.#grow();
    const hash = hashOf(this.#strings, offset);
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (let entry = this.#table[slot]!; entry > 0; entry = this.#table[slot]!) {
      if (this.#hashes[entry - 1] === hash && sameString(this.#strings, this.#offsets[entry - 1]!, offset)) {
        return ++this.#counts[entry - 1]!;
      }
      slot = (slot + 1) & mask;
    }
    this.#table[slot] = this.#offsets.push(offset);
    this.#hashes.push(hash);
    this.#counts.push(1);
    return 1;
  }

  #grow(): void {
    const table = new Int32Array(this.#table.length * 4);
    const mask = table.length - 1;
    for (const [entry, hash] of this.#hashes.entries()) {
      let slot = hash & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = entry + 1;
    }
    this.#table = table;
  }
}

/** FNV-1a over the bytes up to the NUL, its upper bits mixed into those that the table uses. */
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

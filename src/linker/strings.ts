const smallestTable = 1024;
const smallestBytes = 4096;
/** Bytes that are compared at a time, at first. */
const smallestStep = 64;

/**
 * NUL-terminated strings that are each stored once, in the order in which they first came; offset 0 is the empty one.
 * They are compared as bytes: most of what objects bring is there already, and is looked up where it lies.
 */
export class StringSet {
  #bytes = new Uint8Array(smallestBytes);
  #length = 1;
  /** Offsets by hash, 0 for free; the next free place takes what collides. */
  #table = new Uint32Array(smallestTable);
  #count = 0;

  /** The offset of the string that begins at `at` and ends with a NUL, which is added where it is new. */
  add(source: Uint8Array, at: number): number {
    if (source[at] === 0) return 0;
    let hash = 0;
    let end = at;
    for (let byte = source[end]!; byte !== 0; byte = source[++end]!) hash = (Math.imul(hash, 31) + byte) | 0;
    return this.#find(hash, source, at, end - at);
  }

  /** The offset of `text` (one character for each byte), which is added where it is new. */
  addText(text: string): number {
    return this.add(Buffer.from(`${text}\0`, 'latin1'), 0);
  }

  /** The string that was added at `offset`, one character for each byte. */
  text(offset: number): string {
    return textAt(this.#bytes, offset);
  }

  /** All strings. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Bytes of all strings. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of whole strings, NULs included, that `source` has from `at` on as they are here from `offset` on. */
  commonRun(source: Uint8Array, at: number, offset: number): number {
    const bytes = this.#bytes;
    const most = Math.min(source.length - at, this.#length - offset);
    let run = 0;
    for (let step = smallestStep; run < most; step *= 2) {
      const end = Math.min(run + step, most);
      if (!isEqual(source.subarray(at + run, at + end), bytes.subarray(offset + run, offset + end))) break;
      run = end;
    }
    const within = Math.min(run + smallestStep, most);
    while (run < within && source[at + run] === bytes[offset + run]) run++;
    while (run > 0 && source[at + run - 1] !== 0) run--;
    return run;
  }

  #find(hash: number, source: Uint8Array, at: number, length: number): number {
    const bytes = this.#bytes;
    const table = this.#table;
    const mask = table.length - 1;
    let slot = spread(hash) & mask;
    for (let offset = table[slot]!; offset !== 0; offset = table[slot]!) {
      let i = 0;
      while (i < length && source[at + i] === bytes[offset + i]) i++;
      if (i === length && bytes[offset + i] === 0) return offset;
      slot = (slot + 1) & mask;
    }
    const added = this.#append(source, at, length);
    table[slot] = added;
    this.#count++;
    if (this.#count * 2 > table.length) this.#growTable();
    return added;
  }

  #append(source: Uint8Array, at: number, length: number): number {
    const offset = this.#length;
    const end = offset + length + 1;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) bytes[offset + i] = source[at + i]!;
    this.#length = end;
    return offset;
  }

  #growTable(): void {
    const bytes = this.#bytes;
    const table = new Uint32Array(this.#table.length * 4);
    const mask = table.length - 1;
    for (let offset = 1; offset < this.#length; ) {
      let hash = 0;
      let end = offset;
      for (; bytes[end] !== 0; end++) hash = (Math.imul(hash, 31) + bytes[end]!) | 0;
      let slot = spread(hash) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = offset;
      offset = end + 1;
    }
    this.#table = table;
  }
}

const isEqual = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** What the low bits are taken of. */
const spread = (hash: number) => Math.imul(hash, 0x9e3779b1) >>> 9;

/** The string at an offset, up to the next NUL or the end, one character for each byte. */
export function textAt(bytes: Uint8Array, offset: number): string {
  const end = bytes.indexOf(0, offset);
  const length = (end < 0 ? bytes.length : end) - offset;
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, Math.max(length, 0)).toString('latin1');
}

/** A name of which each character is a byte, as a person reads it. */
export function readable(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

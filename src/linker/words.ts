const smallest = 256;

/** A growing array of 32-bit words. */
export class WordBuffer {
  words = new Uint32Array(0);
  length = 0;

  /** Room for `count` more words, all zero; returns the index of the first. */
  reserve(count: number): number {
    const at = this.length;
    const needed = at + count;
    if (needed > this.words.length) {
      const larger = new Uint32Array(Math.max(needed, this.words.length * 2, smallest));
      larger.set(this.words.subarray(0, at));
      this.words = larger;
    }
    this.length = needed;
    return at;
  }

  /** Appends one word. */
  push(word: number): void {
    if (this.length === this.words.length) this.reserve(1);
    else this.length++;
    this.words[this.length - 1] = word;
  }

  /** Appends a copy of `words`; returns the index of the first. */
  append(words: Uint32Array): number {
    const at = this.reserve(words.length);
    this.words.set(words, at);
    return at;
  }

  finish(): Uint32Array {
    return this.words.subarray(0, this.length);
  }
}

const pageSize = 1 << 14;
/** Larger arrays are not worth sharing a page. */
const largestShared = 512;

/**
 * Small arrays cut one after the other from larger pages. An array of more than 64 bytes costs V8 an allocation outside
 * its heap, nearly a microsecond with what its collection takes; a piece of a page a twentieth of that. A page is
 * collected with the last of its pieces and no piece is given out twice.
 */
class Pages {
  #page = new ArrayBuffer(0);
  #used = 0;

  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > largestShared) return new Uint8Array(length);
    if (this.#used + length > this.#page.byteLength) {
      this.#page = new ArrayBuffer(pageSize);
      this.#used = 0;
    }
    const bytes = new Uint8Array(this.#page, this.#used, length);
    this.#used += (length + 7) & ~7;
    return bytes;
  }
}

const pages = new Pages();

/** Zeroed bytes, aligned to 8. Their buffer may be shared with other arrays: take `byteOffset` into account. */
export function zeroedBytes(length: number): Uint8Array<ArrayBuffer> {
  return pages.take(length);
}

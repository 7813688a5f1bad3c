import { readSync } from 'node:fs';
import { pause } from '../../output/index.ts';

const newline = 10;
const chunkBytes = 256 * 1024;

/** Reads lines as fgets(3) does: at most `limit` bytes each, the newline included. */
export class LineReader {
  readonly #read: (into: Uint8Array) => number;
  readonly #limit: number;
  #chunk: Buffer = Buffer.allocUnsafe(chunkBytes);
  #start = 0;
  #end = 0;

  /** `read` fills its argument and returns the number of bytes, 0 at the end of the input. */
  constructor(read: (into: Uint8Array) => number, limit: number) {
    this.#read = read;
    this.#limit = limit;
  }

  /** The next line or piece of one, valid until the next call; undefined at the end. */
  next(): Buffer | undefined {
    let searched = 0;
    for (;;) {
      const most = Math.min(this.#end, this.#start + this.#limit);
      const at = this.#chunk.subarray(0, most).indexOf(newline, this.#start + searched);
      if (at >= 0) return this.#take(at + 1 - this.#start);
      searched = most - this.#start;
      if (searched === this.#limit) return this.#take(searched);
      if (this.#fill() === 0) return searched === 0 ? undefined : this.#take(searched);
    }
  }

  #take(length: number): Buffer {
    const line = this.#chunk.subarray(this.#start, this.#start + length);
    this.#start += length;
    return line;
  }

  #fill(): number {
    this.#chunk.copy(this.#chunk, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    const count = this.#read(this.#chunk.subarray(this.#end));
    this.#end += count;
    return count;
  }
}

/** Reads from a descriptor, waiting where it is non-blocking and has nothing yet. */
export function readDescriptor(fd: number, into: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, into);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
      pause();
    }
  }
}

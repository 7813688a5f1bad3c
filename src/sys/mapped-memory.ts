import { ClosedError } from '../errors/index.ts';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, PROT_READ, PROT_WRITE } from './constants.ts';
import type { MappedMemory } from './kernel.ts';
import type { Libc } from './libc.ts';

interface Range {
  readonly libc: Libc;
  readonly address: bigint;
  readonly length: number;
}

/** Gives addresses back when no array shows what is there any more. */
const unseen = new FinalizationRegistry<Range>(({ libc, address, length }) => {
  libc.call('munmap', 'ii', [address, length]);
});

/**
 * A mapping made by mmap(2). Arrays over its buffer can outlive it, and nothing tells them that it ended: `close` puts
 * empty memory in its place, so that they see zeroes, and the addresses are given back when the last of them is gone.
 */
export class NativeMapping implements MappedMemory {
  readonly address: bigint;
  readonly #libc: Libc;
  readonly #length: number;
  #buffer: ArrayBuffer | undefined;

  constructor(libc: Libc, address: bigint, length: number) {
    this.#libc = libc;
    this.address = address;
    this.#length = length;
    this.#buffer = libc.view(address, length);
    unseen.register(this.#buffer, { libc, address, length });
  }

  get buffer(): ArrayBuffer {
    if (this.#buffer === undefined) throw new ClosedError('mapping');
    return this.#buffer;
  }

  close(): void {
    if (this.#buffer === undefined) return;
    this.#buffer = undefined;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    // Where there is no memory for that, what was mapped stays until nobody sees it.
    this.#libc.callForPointer('mmap', 'iiiiii', [this.address, this.#length, PROT_READ | PROT_WRITE, flags, -1, 0]);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

import type { Libc } from './libc.ts';
import type { MappedMemory } from './kernel.ts';

/** A mapping made by mmap(2), unmapped once by `close`. */
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
  }

  get buffer(): ArrayBuffer {
    if (this.#buffer === undefined) throw new Error('mapping used after close');
    return this.#buffer;
  }

  close(): void {
    if (this.#buffer === undefined) return;
    this.#buffer = undefined;
    this.#libc.call('munmap', 'ii', [this.address, this.#length]);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

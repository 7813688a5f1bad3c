import { Errno } from '../errors/index.ts';
import { BPF_EXIST, BPF_NOEXIST } from '../uapi/index.ts';
import type { Contents, Shape } from './contents.ts';

interface Node {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The bits of the prefix, as a text of 0 and 1. */
  readonly bits: string;
}

/** A trie of prefixes: a key is a number of bits (u32) and as many bits, the most significant of each byte first. */
export class TrieContents implements Contents {
  readonly batches = 'delete';
  readonly #shape: Shape;
  readonly #most: number;
  readonly #nodes = new Map<string, Node>();
  /** In the order of the walk; made again after a change. */
  #order: Node[] | undefined;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.#most = (shape.keySize - 4) * 8;
  }

  /** The bits of a key's prefix; undefined for one that is longer than keys are. */
  #bitsOf(key: Uint8Array): string | undefined {
    const length = new DataView(key.buffer, key.byteOffset, 4).getUint32(0, true);
    if (length > this.#most) return undefined;
    let bits = '';
    for (let i = 4; bits.length < length; i++) bits += key[i]!.toString(2).padStart(8, '0');
    return bits.slice(0, length);
  }

  /** The value of the longest prefix of `key`. */
  lookup(key: Uint8Array): Uint8Array | number {
    const bits = this.#bitsOf(key);
    for (let length = bits?.length ?? -1; length >= 0; length--) {
      const found = this.#nodes.get(bits!.slice(0, length));
      if (found !== undefined) return found.value;
    }
    return -Errno.ENOENT;
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    const bits = this.#bitsOf(key);
    if (flags > BPF_EXIST || bits === undefined) return -Errno.EINVAL;
    const exists = this.#nodes.has(bits);
    if (exists && flags === BPF_NOEXIST) return -Errno.EEXIST;
    if (!exists && flags === BPF_EXIST) return -Errno.ENOENT;
    if (!exists && this.#nodes.size >= this.#shape.maxEntries) return -Errno.ENOSPC;
    this.#nodes.set(bits, { key: key.slice(), value: value.slice(), bits });
    this.#order = undefined;
    return 0;
  }

  delete(key: Uint8Array): number {
    const bits = this.#bitsOf(key);
    if (bits === undefined) return -Errno.EINVAL;
    this.#order = undefined;
    return this.#nodes.delete(bits) ? 0 : -Errno.ENOENT;
  }

  next(key: Uint8Array | undefined): Uint8Array | number {
    this.#order ??= [...this.#nodes.values()].sort((a, b) => compareNodes(a.bits, b.bits));
    const bits = key === undefined ? undefined : this.#bitsOf(key);
    const at = bits === undefined ? -1 : this.#order.findIndex((node) => node.bits === bits);
    return this.#order[at + 1]?.key ?? -Errno.ENOENT;
  }
}

/** The kernel walks from the longest prefixes to those that contain them, and zeroes come before ones. */
function compareNodes(a: string, b: string): number {
  if (a.startsWith(b)) return -1;
  if (b.startsWith(a)) return 1;
  return a < b ? -1 : 1;
}

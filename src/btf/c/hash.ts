import { referred, type TypeGraph } from '../graph.ts';
import type { Btf } from '../parse.ts';
import { Kind } from '../records.ts';

const maxDepth = 64;

/**
 * Hashes of all the names in a type, members included, by which the reference orders what has no name of its own.
 * They have 64 bits, kept in two halves: bigints would be too slow for a kernel's types.
 */
export class NameHasher {
  readonly #graph: TypeGraph;
  readonly #strings: Uint8Array;
  /** Of type `id` at `id`, and at `#withoutMembers + id` with the members of structs and unions left out. */
  readonly #hi: Uint32Array;
  readonly #lo: Uint32Array;
  readonly #known: Uint8Array;
  readonly #withoutMembers: number;

  constructor(btf: Btf) {
    this.#graph = btf.graph;
    this.#strings = btf.strings;
    this.#withoutMembers = btf.graph.typeCount + 1;
    const size = 2 * this.#withoutMembers;
    this.#hi = new Uint32Array(size);
    this.#lo = new Uint32Array(size);
    this.#known = new Uint8Array(size);
  }

  compare(a: number, b: number): number {
    this.#type(a, 0);
    this.#type(b, 0);
    return this.#hi[a]! - this.#hi[b]! || this.#lo[a]! - this.#lo[b]!;
  }

  /** Makes the hash that belongs at `index` known, and returns `index`. */
  #type(index: number, depth: number): number {
    if (this.#known[index] === 1) return index;
    const graph = this.#graph;
    const first = index < this.#withoutMembers ? 0 : this.#withoutMembers;
    const id = index - first;
    const { words } = graph;
    const kind = graph.kind(id);
    const hash = new Hash64();
    hash.mixName(this.#strings, graph.name(id));
    if (kind === Kind.enum || kind === Kind.enum64) {
      const size = kind === Kind.enum ? 2 : 3;
      for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += size) {
        hash.mixName(this.#strings, words[at]!);
      }
    } else if (kind === Kind.struct || kind === Kind.union) {
      for (let i = first === 0 ? graph.vlen(id) : 0, at = graph.elements(id); i > 0; i--, at += 3) {
        hash.mixName(this.#strings, words[at]!);
        this.#mixType(hash, this.#type(this.#withoutMembers + words[at + 1]!, depth + 1));
      }
    } else {
      if (kind === Kind.array) hash.mix(0, graph.tail(id, 2));
      const next = referred(graph, id);
      if (next !== undefined && depth <= maxDepth) this.#mixType(hash, this.#type(first + next, depth + 1));
    }
    this.#hi[index] = hash.hi;
    this.#lo[index] = hash.lo;
    this.#known[index] = 1;
    return index;
  }

  #mixType(hash: Hash64, index: number): void {
    hash.mix(this.#hi[index]!, this.#lo[index]!);
  }
}

class Hash64 {
  hi = 0;
  lo = 0;

  /** hash = hash * 31 + value, modulo 2^64. */
  mix(hi: number, lo: number): void {
    const next = this.lo * 31 + lo;
    this.hi = (Math.imul(this.hi, 31) + hi + Math.floor(next / 4294967296)) >>> 0;
    this.lo = next >>> 0;
  }

  /** Mixes in the hash of the name at a string offset, if there is one. Bytes are signed there, as on x86. */
  mixName(strings: Uint8Array, offset: number): void {
    if (offset === 0) return;
    let hi = 0;
    let lo = 0;
    for (let i = offset, byte = strings[i]!; byte > 0; byte = strings[++i]!) {
      const next = lo * 31 + (byte < 128 ? byte : byte + 0xffff_ff00);
      hi = (Math.imul(hi, 31) + (byte < 128 ? 0 : 0xffff_ffff) + Math.floor(next / 4294967296)) >>> 0;
      lo = next >>> 0;
    }
    this.mix(hi, lo);
  }
}

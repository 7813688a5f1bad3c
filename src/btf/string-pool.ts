import { ByteWriter } from '../bytes/index.ts';
import type { Btf } from './parse.ts';

/** The strings of a BTF that is being put together: each once, in the order of first use; those of a base are its own. */
export class StringPool {
  readonly #base: Btf | undefined;
  readonly #writer = new ByteWriter();
  readonly #start: number;
  readonly #offsets = new Map<string, number>();

  constructor(base: Btf | undefined) {
    this.#base = base;
    this.#start = base?.stringEnd ?? 0;
    if (base !== undefined) return;
    this.#writer.u8(0);
    this.#offsets.set('', 0);
  }

  /** The offset of the string that `source` has at `offset`, added where it is new. Throws ParseError outside its strings. */
  add(source: Btf, offset: number): number {
    if (offset === 0) return 0;
    const key = source.stringKey(offset);
    const known = this.#base?.stringOffset(key) ?? this.#offsets.get(key);
    if (known !== undefined) return known;
    const added = this.#start + this.#writer.length;
    this.#writer.bytes(source.stringBytes(offset)).u8(0);
    this.#offsets.set(key, added);
    return added;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** A function from string offsets of `source` to offsets in the pool that remembers its answers. */
export function stringMapper(pool: StringPool, source: Btf): (offset: number) => number {
  const known = new Map<number, number>();
  return (offset) => {
    let mapped = known.get(offset);
    if (mapped === undefined) {
      mapped = pool.add(source, offset);
      known.set(offset, mapped);
    }
    return mapped;
  };
}

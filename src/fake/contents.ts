import { alignUp } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import { BPF_EXIST, BPF_F_MMAPABLE, BPF_NOEXIST } from '../uapi/index.ts';

/** Sizes in bytes; `valueSize` is that of an element as it is copied: of all CPUs where there is one for each. */
export interface Shape {
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

/**
 * The elements of a map. Every call returns what was asked for, or 0, or -errno, and the errno is the one that the kernel
 * gives. Keys and values are copies on their way in and views on their way out.
 */
export interface Contents {
  lookup(key: Uint8Array): Uint8Array | number;
  update(key: Uint8Array, value: Uint8Array, flags: number): number;
  delete(key: Uint8Array): number;
  /** The key after `key`, the first one without it or where there is no such key. */
  next(key: Uint8Array | undefined): Uint8Array | number;
  /** What batches a map of the type has. */
  readonly batches: 'none' | 'update' | 'delete' | 'all';
  /** Where a batch goes on is a number instead of a key; the elements after it. */
  after?(place: number): Iterable<readonly [place: number, key: Uint8Array, value: Uint8Array]>;
}

/** As the kernel checks the flags of an update: refused, or whether an element may or must be there. */
function refusal(flags: number, old: Entry | undefined): number {
  const exists = old !== undefined;
  if (flags > BPF_EXIST) return -Errno.EINVAL;
  if (exists && flags === BPF_NOEXIST) return -Errno.EEXIST;
  return !exists && flags === BPF_EXIST ? -Errno.ENOENT : 0;
}

const textOf = (key: Uint8Array) => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Grows with every element that is added: where a batch goes on. */
  readonly place: number;
}

/** Hash maps, also those that drop the oldest element for a new one. Elements are in the order they were added. */
export class HashContents implements Contents {
  readonly batches = 'all';
  readonly #shape: Shape;
  readonly #dropsOldest: boolean;
  readonly #entries = new Map<string, Entry>();
  #places = 0;
  /** A walk from key to key is a walk over the entries, as long as each call names the key of the one before. */
  #walk: { readonly last: string; readonly rest: Iterator<Entry, undefined> } | undefined;

  constructor(shape: Shape, { dropsOldest = false }: { dropsOldest?: boolean } = {}) {
    this.#shape = shape;
    this.#dropsOldest = dropsOldest;
  }

  lookup(key: Uint8Array): Uint8Array | number {
    return this.#entries.get(textOf(key))?.value ?? -Errno.ENOENT;
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    const text = textOf(key);
    const old = this.#entries.get(text);
    const refused = refusal(flags, old);
    if (refused < 0) return refused;
    if (old === undefined && this.#entries.size >= this.#shape.maxEntries) {
      if (!this.#dropsOldest) return -Errno.E2BIG;
      this.#entries.delete(this.#entries.keys().next().value!);
    }
    const place = old?.place ?? ++this.#places;
    if (this.#dropsOldest) this.#entries.delete(text);
    this.#entries.set(text, { key: key.slice(), value: value.slice(), place });
    return 0;
  }

  delete(key: Uint8Array): number {
    return this.#entries.delete(textOf(key)) ? 0 : -Errno.ENOENT;
  }

  next(key: Uint8Array | undefined): Uint8Array | number {
    const text = key === undefined ? undefined : textOf(key);
    const isThere = text !== undefined && this.#entries.has(text);
    let rest = isThere && this.#walk?.last === text ? this.#walk.rest : undefined;
    if (rest === undefined) {
      rest = this.#entries.values();
      if (isThere) while (textOf(rest.next().value!.key) !== text);
    }
    const found = rest.next();
    this.#walk = found.done ? undefined : { last: textOf(found.value.key), rest };
    return found.done ? -Errno.ENOENT : found.value.key;
  }

  *after(place: number): Generator<readonly [number, Uint8Array, Uint8Array]> {
    for (const entry of this.#entries.values()) {
      if (entry.place > place) yield [entry.place, entry.key, entry.value];
    }
  }
}

/** Arrays: every element is there from the beginning, and zero. */
export class ArrayContents implements Contents {
  readonly batches = 'update';
  readonly #shape: Shape;
  readonly #elementSize: number;
  /** All elements, one after the other, as a mapping of them shows them. */
  readonly memory: ArrayBuffer;

  constructor(shape: Shape, pageSize: number) {
    this.#shape = shape;
    this.#elementSize = alignUp(shape.valueSize, 8);
    const size = this.#elementSize * shape.maxEntries;
    this.memory = new ArrayBuffer((shape.flags & BPF_F_MMAPABLE) !== 0 ? alignUp(size, pageSize) : size);
  }

  #at(key: Uint8Array): Uint8Array | undefined {
    const index = indexOf(key);
    if (index >= this.#shape.maxEntries) return undefined;
    return new Uint8Array(this.memory, index * this.#elementSize, this.#shape.valueSize);
  }

  lookup(key: Uint8Array): Uint8Array | number {
    return this.#at(key) ?? -Errno.ENOENT;
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    if (flags > BPF_EXIST) return -Errno.EINVAL;
    const place = this.#at(key);
    if (place === undefined) return -Errno.E2BIG;
    if (flags === BPF_NOEXIST) return -Errno.EEXIST;
    place.set(value);
    return 0;
  }

  delete(_key: Uint8Array): number {
    return -Errno.EINVAL;
  }

  next(key: Uint8Array | undefined): Uint8Array | number {
    return nextIndex(key, this.#shape.maxEntries);
  }
}

export const indexOf = (key: Uint8Array): number => new DataView(key.buffer, key.byteOffset, 4).getUint32(0, true);

/** As every map with indices for keys goes through them, whether there is something or not. */
export function nextIndex(key: Uint8Array | undefined, maxEntries: number): Uint8Array | number {
  const index = key === undefined ? maxEntries : indexOf(key);
  if (index === maxEntries - 1) return -Errno.ENOENT;
  return new Uint8Array(Uint32Array.of(index >= maxEntries ? 0 : index + 1).buffer);
}

/** Maps without keys: elements come out in the order they went in, or the other way round. */
export class QueueContents implements Contents {
  readonly batches = 'none';
  readonly #shape: Shape;
  readonly #isStack: boolean;
  readonly #values: Uint8Array[] = [];

  constructor(shape: Shape, { isStack }: { isStack: boolean }) {
    this.#shape = shape;
    this.#isStack = isStack;
  }

  /** The next one to come out, which stays. */
  lookup(_key: Uint8Array): Uint8Array | number {
    return this.#values.at(this.#isStack ? -1 : 0) ?? -Errno.ENOENT;
  }

  update(_key: Uint8Array, value: Uint8Array, flags: number): number {
    if (flags !== 0 && flags !== BPF_EXIST) return -Errno.EINVAL;
    if (this.#values.length >= this.#shape.maxEntries) {
      if (flags !== BPF_EXIST) return -Errno.E2BIG;
      this.#values.shift();
    }
    this.#values.push(value.slice());
    return 0;
  }

  pop(): Uint8Array | number {
    return (this.#isStack ? this.#values.pop() : this.#values.shift()) ?? -Errno.ENOENT;
  }

  delete(_key: Uint8Array): number {
    return -Errno.EINVAL;
  }

  next(_key: Uint8Array | undefined): Uint8Array | number {
    return -Errno.EINVAL;
  }
}

/** What is read through memory, not by elements. */
export const noElements: Contents = {
  batches: 'none',
  lookup: () => -Errno.ENOTSUPP,
  update: () => -Errno.ENOTSUPP,
  delete: () => -Errno.ENOTSUPP,
  next: () => -Errno.ENOTSUPP,
};

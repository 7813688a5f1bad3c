import type { JsonSchema, JsonSchemaOptions } from '../btf/index.ts';
import { listOf } from '../bytes/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { checkResult, defaultKernel, type Kernel } from '../sys/index.ts';
import { BPF_ANY, BPF_EXIST, BPF_F_RDONLY, BPF_NOEXIST } from '../uapi/index.ts';
import { ElementWriter, type IterationOptions, readBatches } from './batch.ts';
import { deleteElements } from './delete-elements.ts';
import type { ElementBatch } from './element-batch.ts';
import { type ElementCodec, type ElementValue, elementCodec, type HalfCodec } from './element-codec.ts';
import { type MapInfo, objectIds, openFdById } from '../bpf/index.ts';
import { BpfMap } from './map.ts';

/** Whether a `set` may create the element (`exist`: no) or replace it (`noexist`: no). */
export type UpdateMode = 'any' | 'exist' | 'noexist';

const flagsByMode: Readonly<Record<UpdateMode, number>> = { any: BPF_ANY, exist: BPF_EXIST, noexist: BPF_NOEXIST };

/** The flags of a mode. UsageError for one that is none. */
export function updateFlags(mode: UpdateMode): number {
  if (Object.hasOwn(flagsByMode, mode)) return flagsByMode[mode];
  throw new UsageError(`there is no mode '${String(mode)}' of setting: it is any, exist or noexist`);
}

const batchCount = 8192;

/** Halves of elements one behind the other. */
function packed(count: number, half: HalfCodec, of: (index: number) => unknown): Uint8Array {
  const bytes = new Uint8Array(count * half.size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) half.into(of(i), bytes, view, i * half.size);
  return bytes;
}

/** An element as the kernel has it: its key from `keyAt` on, its value, of all CPUs, from `valueAt` on. */
export interface ElementBytes {
  readonly keys: Uint8Array;
  readonly keyAt: number;
  readonly values: Uint8Array;
  readonly valueAt: number;
}

/**
 * A map whose keys and values are JavaScript values by its BTF: structs are objects, integers of more than 32 bits are
 * bigints on the way out and may be numbers, bigints or decimal strings on the way in, enums are names, char arrays
 * strings, values of per-CPU maps arrays with one value for each possible CPU. Without BTF they are Uint8Arrays.
 * Errors: UsageError names the path of a value that does not fit, SyscallError what the kernel refused.
 */
export class TypedMap<K = ElementValue, V = ElementValue> implements Disposable {
  readonly map: BpfMap;
  #codec: ElementCodec | undefined;

  /** Takes over `map`; closing this closes it. `codec`, instead of the one by the map's own BTF. */
  constructor(map: BpfMap, codec?: ElementCodec) {
    this.map = map;
    this.#codec = codec;
  }

  get info(): MapInfo {
    return this.map.info();
  }

  /** Between bytes and JavaScript; made when first needed, from the map's BTF. */
  get codec(): ElementCodec {
    this.#codec ??= elementCodec(this.map.kernel, this.info);
    return this.#codec;
  }

  /** JSON Schema (draft 2020-12) of an element, `{key, value}`. */
  schema(options?: JsonSchemaOptions): JsonSchema {
    return this.codec.schema(options);
  }

  /** The value of a key; undefined if there is none. */
  get(key: K): V | undefined {
    const bytes = this.codec.key.encode(key);
    const value = this.map.lookup(bytes, new Uint8Array(this.codec.value.size));
    return value && (this.codec.value.decode(value) as V);
  }

  has(key: K): boolean {
    return this.map.lookup(this.codec.key.encode(key)) !== undefined;
  }

  set(key: K, value: V, mode: UpdateMode = 'any'): void {
    const bytes = this.codec.value.encode(value);
    this.map.update(this.codec.key.encode(key), bytes, updateFlags(mode));
  }

  /** False if there was no such key. */
  delete(key: K): boolean {
    return this.map.delete(this.codec.key.encode(key));
  }

  /** Takes an element out: its value, undefined where there is no such key. Since 5.14 for hashes. */
  take(key: K): V | undefined {
    const bytes = this.map.lookupAndDelete(this.codec.key.encode(key));
    return bytes && (this.codec.value.decode(bytes) as V);
  }

  /**
   * Sets many elements by as few calls as the kernel takes. Throws SyscallError for the first that it refuses; those before it
   * are set.
   */
  setMany(entries: Iterable<readonly [key: K, value: V]>, mode: UpdateMode = 'any'): void {
    const { key, value } = this.codec;
    const writer = new ElementWriter(this.map, updateFlags(mode));
    const list = listOf(entries, 'setMany');
    for (let from = 0; from < list.length; from += batchCount) {
      const part = list.slice(from, from + batchCount);
      for (const entry of part) {
        if (!Array.isArray(entry)) throw new UsageError('setMany: expected [key, value] of each element');
      }
      const keys = packed(part.length, key, (i) => part[i]![0]);
      const values = packed(part.length, value, (i) => part[i]![1]);
      writer.write({ keys, values, count: part.length });
    }
  }

  /** Deletes many elements by as few calls as the kernel takes. Returns how many of them there were. Throws SyscallError. */
  deleteMany(keys: Iterable<K>): number {
    const { key } = this.codec;
    const list = listOf(keys, 'deleteMany');
    let deleted = 0;
    for (let from = 0; from < list.length; from += batchCount) {
      const part = list.slice(from, from + batchCount);
      deleted += deleteElements(
        this.map,
        packed(part.length, key, (i) => part[i]),
        part.length,
      );
    }
    return deleted;
  }

  /** Pins the map at `path` on a BPF file system. Throws SyscallError. */
  pin(path: string): void {
    this.map.pin(path);
  }

  /** From now on user space can only read the map. Throws SyscallError. */
  freeze(): void {
    this.map.freeze();
  }

  /** All elements; in batches where the map has them, between which the event loop turns. */
  async *entries({ signal }: IterationOptions = {}): AsyncGenerator<[K, V]> {
    const { key, value } = this.codec;
    for await (const { keys, keyAt, values, valueAt } of this.elements({ signal })) {
      yield [key.decode(keys, keyAt) as K, value.decode(values, valueAt) as V];
    }
  }

  async *keys({ signal }: IterationOptions = {}): AsyncGenerator<K> {
    const { key } = this.codec;
    for await (const { keys, keyAt } of this.elements({ signal })) yield key.decode(keys, keyAt) as K;
  }

  async *values({ signal }: IterationOptions = {}): AsyncGenerator<V> {
    const { value } = this.codec;
    for await (const { values, valueAt } of this.elements({ signal })) yield value.decode(values, valueAt) as V;
  }

  [Symbol.asyncIterator](): AsyncGenerator<[K, V]> {
    return this.entries();
  }

  /** As `entries`, as bytes. Several elements share their arrays. */
  async *elements(options: IterationOptions = {}): AsyncGenerator<ElementBytes> {
    for await (const { keys, values, keySize, valueSize, count } of this.batches(options)) {
      for (let i = 0; i < count; i++) yield { keys, keyAt: i * keySize, values, valueAt: i * valueSize };
    }
  }

  /** As `elements`, as many together as the kernel hands out: `readBatches`. */
  batches(options: IterationOptions = {}): AsyncGenerator<ElementBatch, void> {
    return readBatches(this.map, options);
  }

  close(): void {
    this.map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** How a live map is opened. */
export interface OpenMapOptions {
  /** The kernel then refuses every write; needed for maps pinned without write permission. */
  readonly readOnly?: boolean;
  /** The running one unless given. */
  readonly kernel?: Kernel | undefined;
}

/** Opens live maps, typed by their BTF. Each must be closed. A kernel may be given as the first argument too. */
export interface OpenMaps {
  /** Throws SyscallError (ENOENT: there is none). */
  byId<K = ElementValue, V = ElementValue>(id: number, options?: OpenMapOptions): TypedMap<K, V>;
  byId<K = ElementValue, V = ElementValue>(kernel: Kernel, id: number, options?: OpenMapOptions): TypedMap<K, V>;
  /** The map that is pinned at a path. Throws SyscallError, UsageError for what is no map. */
  pinned<K = ElementValue, V = ElementValue>(path: string, options?: OpenMapOptions): TypedMap<K, V>;
  pinned<K = ElementValue, V = ElementValue>(kernel: Kernel, path: string, options?: OpenMapOptions): TypedMap<K, V>;
  /** Every map of this name, at most 15 bytes long; none is no error. */
  byName<K = ElementValue, V = ElementValue>(name: string, options?: OpenMapOptions): TypedMap<K, V>[];
  byName<K = ElementValue, V = ElementValue>(kernel: Kernel, name: string, options?: OpenMapOptions): TypedMap<K, V>[];
}

/** What is opened, in which kernel, and how, of arguments of which a kernel may be the first. */
function asked(args: readonly unknown[]): { kernel: Kernel; what: never; flags: number } {
  const isKernelFirst = typeof args[0] === 'object' && args[0] !== null;
  const [what, options = {}] = (isKernelFirst ? args.slice(1) : args) as [unknown, OpenMapOptions?];
  const kernel = isKernelFirst ? (args[0] as Kernel) : (options.kernel ?? defaultKernel());
  return { kernel, what: what as never, flags: options.readOnly ? BPF_F_RDONLY : 0 };
}

/** Opens live maps by id, path or name. */
export const maps: OpenMaps = {
  byId<K, V>(...args: readonly unknown[]): TypedMap<K, V> {
    const { kernel, what, flags } = asked(args);
    return new TypedMap(BpfMap.openById(kernel, what, flags));
  },

  pinned<K, V>(...args: readonly unknown[]): TypedMap<K, V> {
    const { kernel, what, flags } = asked(args);
    return new TypedMap(BpfMap.openPinned(kernel, what, flags));
  },

  byName<K, V>(...args: readonly unknown[]): TypedMap<K, V>[] {
    const { kernel, what: name, flags } = asked(args);
    const found: TypedMap<K, V>[] = [];
    try {
      for (const id of objectIds(kernel, 'map')) {
        const fd = openFdById(kernel, 'map', id, flags);
        // Deleted since its id was read.
        if (fd === -Errno.ENOENT) continue;
        const map = new BpfMap(kernel, checkResult(`open map ${id}`, fd), { isKnown: true });
        if (map.info().name === name) found.push(new TypedMap(map));
        else map.close();
      }
    } catch (error) {
      for (const map of found) map.close();
      throw error;
    }
    return found;
  },
};

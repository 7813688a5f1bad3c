import type { JsonSchema, JsonSchemaOptions } from '../btf/index.ts';
import { Errno } from '../errors/index.ts';
import { checkResult, type Kernel, type StopSignal, syscallError, throwIfStopped } from '../sys/index.ts';
import { BPF_ANY, BPF_EXIST, BPF_F_RDONLY, BPF_NOEXIST } from '../uapi/index.ts';
import { readBatches } from './batch.ts';
import type { ElementBatch } from './element-batch.ts';
import { type ElementCodec, type ElementValue, elementCodec } from './element-codec.ts';
import { type MapInfo, objectIds, openFdById } from '../bpf/index.ts';
import { BpfMap } from './map.ts';

/** Whether a `set` may create the element (`exist`: no) or replace it (`noexist`: no). */
export type UpdateMode = 'any' | 'exist' | 'noexist';

const updateFlags: Readonly<Record<UpdateMode, number>> = { any: BPF_ANY, exist: BPF_EXIST, noexist: BPF_NOEXIST };

/** An element as the kernel has it: its key from `keyAt` on, its value, of all CPUs, from `valueAt` on. */
export interface ElementBytes {
  readonly keys: Uint8Array;
  readonly keyAt: number;
  readonly values: Uint8Array;
  readonly valueAt: number;
}

export interface IterationOptions {
  /** Ends the iteration with the signal's reason, at the latest after the batch being read. */
  readonly signal?: StopSignal | undefined;
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

  /** Takes over `map`; closing this closes it. */
  constructor(map: BpfMap) {
    this.map = map;
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
    const value = new Uint8Array(this.codec.value.size);
    const result = this.map.lookup(this.codec.key.encode(key), value);
    if (result === -Errno.ENOENT) return undefined;
    checkResult('look up map element', result);
    return this.codec.value.decode(value) as V;
  }

  has(key: K): boolean {
    const value = new Uint8Array(this.map.valueSize);
    const result = this.map.lookup(this.codec.key.encode(key), value);
    if (result !== -Errno.ENOENT) checkResult('look up map element', result);
    return result === 0;
  }

  set(key: K, value: V, mode: UpdateMode = 'any'): void {
    const bytes = this.codec.value.encode(value);
    checkResult('update map element', this.map.update(this.codec.key.encode(key), bytes, updateFlags[mode]));
  }

  /** False if there was no such key. */
  delete(key: K): boolean {
    const result = this.map.delete(this.codec.key.encode(key));
    if (result === -Errno.ENOENT) return false;
    checkResult('delete map element', result);
    return true;
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

  /** As `elements`, as many together as the kernel hands out; one by one where it has no batches for the map. */
  async *batches({ signal }: IterationOptions = {}): AsyncGenerator<ElementBatch> {
    const batches = readBatches(this.map);
    let read = 0;
    try {
      for (;;) {
        throwIfStopped(signal);
        const { done, value: batch } = await batches.next();
        if (done) {
          if (batch === 0) return;
          if (read > 0) throw syscallError('read map elements', batch);
          break;
        }
        yield batch;
        read += batch.count;
      }
    } finally {
      await batches.return(0);
    }
    yield* this.#oneByOne(signal);
  }

  /** Maps and kernels without batches. An element deleted meanwhile is passed over. */
  async *#oneByOne(signal: StopSignal | undefined): AsyncGenerator<ElementBatch> {
    const { keySize } = this.info;
    const { valueSize } = this.map;
    let previous: Uint8Array | undefined;
    for (let read = 1; ; read++) {
      if (read % 1024 === 0) await turn();
      throwIfStopped(signal);
      const keys = new Uint8Array(keySize);
      const values = new Uint8Array(valueSize);
      const next = this.map.nextKey(previous, keys);
      if (next === -Errno.ENOENT) return;
      checkResult('get next map key', next);
      const found = this.map.lookup(keys, values);
      if (found === 0) yield { keys, values, keySize, valueSize, count: 1 };
      else if (found !== -Errno.ENOENT) throw syscallError('look up map element', found);
      previous = keys;
    }
  }

  close(): void {
    this.map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export interface OpenMapOptions {
  /** The kernel then refuses every write; needed for maps pinned without write permission. */
  readonly readOnly?: boolean;
}

const flagsOf = ({ readOnly }: OpenMapOptions) => (readOnly ? BPF_F_RDONLY : 0);

/** Opens live maps, typed by their BTF. Each must be closed. */
export const maps = {
  /** Throws SyscallError (ENOENT: there is none). */
  byId<K = ElementValue, V = ElementValue>(kernel: Kernel, id: number, options: OpenMapOptions = {}): TypedMap<K, V> {
    return new TypedMap(BpfMap.openById(kernel, id, flagsOf(options)));
  },

  pinned<K = ElementValue, V = ElementValue>(
    kernel: Kernel,
    path: string,
    options: OpenMapOptions = {},
  ): TypedMap<K, V> {
    return new TypedMap(BpfMap.openPinned(kernel, path, flagsOf(options)));
  },

  /** Every map of this name, at most 15 bytes long; none is no error. */
  byName<K = ElementValue, V = ElementValue>(
    kernel: Kernel,
    name: string,
    options: OpenMapOptions = {},
  ): TypedMap<K, V>[] {
    const found: TypedMap<K, V>[] = [];
    try {
      for (const id of objectIds(kernel, 'map')) {
        const fd = openFdById(kernel, 'map', id, flagsOf(options));
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

import type { MapInfo } from '../bpf/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { checkResult } from '../sys/index.ts';
import { mapType, mapTypeName } from '../uapi/index.ts';
import { type ElementValue, type HalfCodec, keyCodec } from './element-codec.ts';
import { BpfMap } from './map.ts';
import { BpfProgram } from './program.ts';
import { TypedMap, type UpdateMode, updateFlags } from './typed-map.ts';

/** A map whose values are other objects. Takes over `map`; closing this closes it. */
export abstract class MapOfObjects<K, Held extends Disposable> implements Disposable {
  readonly map: BpfMap;
  #key: HalfCodec | undefined;

  /** UsageError, and the map stays the caller's, if it holds something else. */
  constructor(map: BpfMap, holds: 'maps' | 'programs', keys?: HalfCodec) {
    const { type, name } = map.info();
    if (mapType(type)?.holds !== holds) {
      throw new UsageError(`map '${name}' is of type ${mapTypeName(type) ?? type}, which holds no ${holds}`);
    }
    this.map = map;
    this.#key = keys;
  }

  get info(): MapInfo {
    return this.map.info();
  }

  get #keys(): HalfCodec {
    this.#key ??= keyCodec(this.info);
    return this.#key;
  }

  protected abstract open(id: number): Held;
  protected abstract descriptorOf(held: unknown): number;

  /** The object of a key, opened anew: the caller closes it. Undefined where there is none. Throws SyscallError. */
  get(key: K): Held | undefined {
    const id = this.idOf(key);
    return id === undefined ? undefined : this.open(id);
  }

  /** The id of the object of a key, undefined where there is none. Throws SyscallError. */
  idOf(key: K): number | undefined {
    const value = new Uint8Array(this.map.valueSize);
    const result = this.map.tryLookup(this.#keys.encode(key), value);
    if (result === -Errno.ENOENT) return undefined;
    checkResult(`look up an element of map '${this.info.name}'`, result);
    return new Uint32Array(value.buffer)[0]!;
  }

  /** Puts an object in; the map keeps it, whoever closes it. Throws SyscallError. */
  set(key: K, held: Held | { readonly fd: { readonly number: number } }, mode: UpdateMode = 'any'): void {
    const value = new Uint8Array(Int32Array.of(this.descriptorOf(held)).buffer);
    this.map.update(this.#keys.encode(key), value, updateFlags(mode));
  }

  /** False if there was no such key. */
  delete(key: K): boolean {
    return this.map.delete(this.#keys.encode(key));
  }

  /** Keys that have an object, with its id. */
  *ids(): Generator<[key: K, id: number], void, undefined> {
    for (let key = this.map.nextKey(); key !== undefined; key = this.map.nextKey(key)) {
      const decoded = this.#keys.decode(key) as K;
      const id = this.idOf(decoded);
      if (id !== undefined) yield [decoded, id];
    }
  }

  close(): void {
    this.map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const withFd = (held: unknown, what: string): number => {
  const inner = (held as { map?: unknown } | null)?.map ?? held;
  const fd = (inner as { fd?: { number?: unknown } } | null)?.fd?.number;
  if (typeof fd !== 'number') throw new UsageError(`give ${what}, as it is`);
  return fd;
};

/** A map of maps: its values are live maps. */
export class MapOfMaps<K = ElementValue, InnerK = ElementValue, InnerV = ElementValue> extends MapOfObjects<
  K,
  TypedMap<InnerK, InnerV>
> {
  constructor(map: BpfMap, keys?: HalfCodec) {
    super(map, 'maps', keys);
  }

  /** As `get`. */
  inner(key: K): TypedMap<InnerK, InnerV> | undefined {
    return this.get(key);
  }

  protected override open(id: number): TypedMap<InnerK, InnerV> {
    return new TypedMap(BpfMap.openById(this.map.kernel, id));
  }

  protected override descriptorOf(held: unknown): number {
    return withFd(held, 'a TypedMap or BpfMap');
  }
}

/** A map of programs for tail calls. */
export class MapOfPrograms<K = ElementValue> extends MapOfObjects<K, BpfProgram> {
  constructor(map: BpfMap, keys?: HalfCodec) {
    super(map, 'programs', keys);
  }

  protected override open(id: number): BpfProgram {
    return BpfProgram.openById(this.map.kernel, id);
  }

  protected override descriptorOf(held: unknown): number {
    return withFd(held, 'a BpfProgram');
  }
}

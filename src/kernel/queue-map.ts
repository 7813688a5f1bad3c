import { ElementCalls, type MapInfo } from '../bpf/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { checkResult } from '../sys/index.ts';
import { BPF_EXIST, mapType, mapTypeName } from '../uapi/index.ts';
import { type ElementCodec, type ElementValue, elementCodec } from './element-codec.ts';
import type { BpfMap } from './map.ts';

/**
 * A map without keys: a queue (first in, first out), a stack (last in, first out) or a bloom filter. Values are JavaScript
 * values by the map's BTF, as of `TypedMap`. Takes over `map`; closing this closes it.
 */
export class QueueMap<V = ElementValue> implements Disposable {
  readonly map: BpfMap;
  #codec: ElementCodec | undefined;

  /** UsageError, and the map stays the caller's, if it is of another type. */
  constructor(map: BpfMap, codec?: ElementCodec) {
    const { type, name } = map.info();
    if (map.info().keySize > 0 || mapType(type)?.use !== undefined) {
      throw new UsageError(
        `map '${name}' is of type ${mapTypeName(type) ?? type}, which is no queue, stack or bloom filter: open it as a TypedMap`,
      );
    }
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

  /**
   * Adds a value. False where there is no room; with `evict` the oldest value (of a stack, the one below all) makes room.
   * SyscallError where the kernel refuses otherwise.
   */
  push(value: V, { evict = false }: { readonly evict?: boolean } = {}): boolean {
    const bytes = this.codec.value.encode(value);
    const result = this.map.tryUpdate(undefined, bytes, evict ? BPF_EXIST : 0);
    if (result === -Errno.E2BIG) return false;
    checkResult(`push to map '${this.info.name}'`, result);
    return true;
  }

  /** Takes the next value out; undefined where there is none. SyscallError for a bloom filter, which gives none back. */
  pop(): V | undefined {
    return this.#decoded('pop', (room) => this.map.tryLookupAndDelete(undefined, room));
  }

  /** The next value, which stays; undefined where there is none. */
  peek(): V | undefined {
    return this.#decoded('peek', (room) => lookupWithoutKey(this.map, room));
  }

  /** Of a bloom filter: false if the value was certainly never pushed. UsageError for queues and stacks. */
  has(value: V): boolean {
    if (mapTypeName(this.info.type) !== 'bloom_filter') {
      throw new UsageError(`map '${this.info.name}' is no bloom filter: take peek() or pop()`);
    }
    const result = lookupWithoutKey(this.map, this.codec.value.encode(value));
    if (result !== -Errno.ENOENT) checkResult(`look into map '${this.info.name}'`, result);
    return result === 0;
  }

  /** Takes out all that is there, one after the other, in the map's order. */
  *drain(): Generator<V, void, undefined> {
    for (let value = this.pop(); value !== undefined; value = this.pop()) yield value;
  }

  #decoded(what: string, call: (room: Uint8Array) => number): V | undefined {
    const room = new Uint8Array(this.map.valueSize);
    const result = call(room);
    if (result === -Errno.ENOENT) return undefined;
    checkResult(`${what} of map '${this.info.name}'`, result);
    return this.codec.value.decode(room) as V;
  }

  close(): void {
    this.map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The bytes have the map's size: they come from its codec, or are room of that. */
function lookupWithoutKey({ kernel, fd }: BpfMap, value: Uint8Array): number {
  return new ElementCalls(kernel).lookup(fd.number, { key: undefined, value });
}

import { ElementCalls, freezeMap, type MapInfo, mustInfo, openFdById, readMapInfo } from '../bpf/index.ts';
import { alignUp, expectBytes } from '../bytes/index.ts';
import { possibleCpus } from '../host/index.ts';
import { Errno } from '../errors/index.ts';
import { checkResult, type Kernel, syscallError } from '../sys/index.ts';
import { BPF_F_ALL_CPUS, BPF_F_CPU, bpf_map_info, structView, isPerCpu } from '../uapi/index.ts';
import { type AdoptOptions, adoptPinned, BpfObject } from './object.ts';

/** Bytes of one element's value as the kernel copies it: per-CPU values are padded to 8 and repeated. */
export function elementValueSize(kernel: Kernel, info: Pick<MapInfo, 'type' | 'valueSize'>): number {
  return isPerCpu(info.type) ? alignUp(info.valueSize, 8) * possibleCpus(kernel) : info.valueSize;
}

/** Flags of a per-CPU map by which a call concerns one value: that of one CPU, or one for all of them. Since 7.0. */
const oneValueFlags = BigInt(BPF_F_CPU | BPF_F_ALL_CPUS);

/**
 * A live map. Keys and values are raw bytes of the map's sizes, and UsageError says which are not; SyscallError says what
 * the kernel refused. Per-CPU maps have values of all possible CPUs, each padded to 8 bytes. The methods named `try` are
 * for callers that make millions of calls or print errno themselves: 0, or -errno.
 */
export class BpfMap extends BpfObject {
  readonly #elements: ElementCalls;
  #info: MapInfo | undefined;
  #valueSize: number | undefined;

  /** Takes over `fd`. Throws UsageError, and leaves it the caller's, if it is of something else. */
  constructor(kernel: Kernel, fd: number, options?: AdoptOptions) {
    super(kernel, fd, 'map', options);
    this.#elements = new ElementCalls(kernel);
  }

  static openById(kernel: Kernel, id: number, flags = 0): BpfMap {
    return new BpfMap(kernel, checkResult(`open map ${id}`, openFdById(kernel, 'map', id, flags)), { isKnown: true });
  }

  static openPinned(kernel: Kernel, path: string, flags = 0): BpfMap {
    return adoptPinned(kernel, { path, flags }, (fd) => new BpfMap(kernel, fd));
  }

  /** What the kernel says of the map, read once. */
  info(): MapInfo {
    this.#info ??= readMapInfo(this.kernel, this.fd.number);
    return this.#info;
  }

  /** `struct bpf_map_info` of the running kernel, of so many bytes: what it does not know stays 0. */
  rawInfo(size: number): Uint8Array {
    const view = structView(bpf_map_info, new Uint8Array(Math.max(size, 88)));
    return mustInfo(this.kernel, this.fd.number, view).bytes;
  }

  /** Bytes of an element's value as the kernel copies it. */
  get valueSize(): number {
    this.#valueSize ??= elementValueSize(this.kernel, this.info());
    return this.#valueSize;
  }

  /**
   * The value of `key`: at the beginning of `room` where that is given, else in an array of its own. Undefined where there
   * is no such key.
   */
  lookup(key: Uint8Array, room?: Uint8Array, flags: bigint | number = 0): Uint8Array | undefined {
    const { value, size } = this.#room(room, flags);
    return this.#isThere('look up an element', this.tryLookup(key, value, flags)) ? firstOf(value, size) : undefined;
  }

  /** @internal Puts the value of `key` into `value`, which has room for it. */
  tryLookup(key: Uint8Array, value: Uint8Array, flags: bigint | number = 0): number {
    this.#checkKey(key);
    this.#checkRoom(value, flags);
    return this.#elements.lookup(this.fd.number, { key, value, flags });
  }

  /** Sets the value of `key`, which maps without keys do without. `flags`: BPF_ANY, BPF_NOEXIST, BPF_EXIST … */
  update(key: Uint8Array | undefined, value: Uint8Array, flags: bigint | number = 0): void {
    this.#done('update an element', this.tryUpdate(key, value, flags));
  }

  /** @internal */
  tryUpdate(key: Uint8Array | undefined, value: Uint8Array, flags: bigint | number = 0): number {
    this.#checkKey(key);
    this.#checkValue(value, flags);
    return this.#elements.update(this.fd.number, { key, value, flags });
  }

  /** Deletes an element. False where there is no such key. */
  delete(key: Uint8Array): boolean {
    return this.#isThere('delete an element', this.tryDelete(key));
  }

  /** @internal */
  tryDelete(key: Uint8Array): number {
    this.#checkKey(key);
    return this.#elements.delete(this.fd.number, key);
  }

  /** Takes an element out of the map: its value, as `lookup` gives it. Undefined where there is none. */
  lookupAndDelete(key: Uint8Array | undefined, room?: Uint8Array): Uint8Array | undefined {
    const { value, size } = this.#room(room, 0);
    return this.#isThere('take out an element', this.tryLookupAndDelete(key, value)) ? firstOf(value, size) : undefined;
  }

  /** @internal Takes an element out of the map and puts its value into `value`, which has room for it. */
  tryLookupAndDelete(key: Uint8Array | undefined, value: Uint8Array): number {
    this.#checkKey(key);
    this.#checkRoom(value, 0);
    return this.#elements.lookupAndDelete(this.fd.number, { key, value });
  }

  /**
   * The key after `key`, or the first one: at the beginning of `room` where that is given, else in an array of its own.
   * Undefined after the last.
   */
  nextKey(key?: Uint8Array, room?: Uint8Array): Uint8Array | undefined {
    const { keySize } = this.info();
    const next = room === undefined ? new Uint8Array(keySize) : room;
    return this.#isThere('get the next key', this.tryNextKey(key, next)) ? firstOf(next, keySize) : undefined;
  }

  /** @internal Puts the key after `key` (the first without one) into `next`, which has room for it. */
  tryNextKey(key: Uint8Array | undefined, next: Uint8Array): number {
    this.#checkKey(key);
    const { name, keySize } = this.info();
    expectBytes(next, `room for a key of map '${name}'`, { least: keySize });
    return this.#elements.nextKey(this.fd.number, key, next);
  }

  /** From now on user space can only read. */
  freeze(): void {
    this.#done('freeze it', this.tryFreeze());
  }

  /** @internal */
  tryFreeze(): number {
    return freezeMap(this.kernel, this.fd.number);
  }

  #done(action: string, result: number): void {
    if (result < 0) throw syscallError(`map '${this.info().name}': failed to ${action}`, result);
  }

  /** False where the kernel found nothing to do it with. */
  #isThere(action: string, result: number): boolean {
    if (result === -Errno.ENOENT) return false;
    this.#done(action, result);
    return true;
  }

  #room(room: Uint8Array | undefined, flags: bigint | number): { value: Uint8Array; size: number } {
    const size = this.#sizeFor(flags);
    return { value: room === undefined ? new Uint8Array(size) : room, size };
  }

  #sizeFor(flags: bigint | number): number {
    return flags !== 0 && (BigInt(flags) & oneValueFlags) !== 0n ? this.info().valueSize : this.valueSize;
  }

  #checkRoom(room: unknown, flags: bigint | number): void {
    const least = this.#sizeFor(flags);
    expectBytes(room, `room for a value of map '${this.info().name}'`, { least });
  }

  #checkValue(value: unknown, flags: bigint | number): void {
    const exactly = this.#sizeFor(flags);
    expectBytes(value, `value of map '${this.info().name}'`, { exactly });
  }

  /** Without a key the kernel itself refuses, or there is none in such a map. */
  #checkKey(key: unknown): void {
    if (key === undefined) return;
    const { name, keySize: exactly } = this.info();
    expectBytes(key, `key of map '${name}'`, { exactly });
  }
}

/** Room that is larger than what is in it. */
function firstOf(room: Uint8Array, size: number): Uint8Array {
  return room.length === size ? room : room.subarray(0, size);
}

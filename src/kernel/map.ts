import { ElementCalls, freezeMap, type MapInfo, mustInfo, openFdById, readMapInfo } from '../bpf/index.ts';
import { alignUp, expectBytes } from '../bytes/index.ts';
import { possibleCpus } from '../host/index.ts';
import { checkResult, type Kernel } from '../sys/index.ts';
import { BPF_F_ALL_CPUS, BPF_F_CPU, bpf_map_info, structView, isPerCpu } from '../uapi/index.ts';
import { type AdoptOptions, adoptPinned, BpfObject } from './object.ts';

/** Bytes of one element's value as the kernel copies it: per-CPU values are padded to 8 and repeated. */
export function elementValueSize(kernel: Kernel, info: Pick<MapInfo, 'type' | 'valueSize'>): number {
  return isPerCpu(info.type) ? alignUp(info.valueSize, 8) * possibleCpus(kernel) : info.valueSize;
}

/** Flags of a per-CPU map by which a call concerns one value: that of one CPU, or one for all of them. Since 7.0. */
const oneValueFlags = BigInt(BPF_F_CPU | BPF_F_ALL_CPUS);

/**
 * A live map. Element calls return 0 or -errno; keys and values are raw bytes of the map's sizes, and UsageError says
 * which are not. Per-CPU maps have values of all possible CPUs, each padded to 8 bytes.
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

  /** Puts the value of `key` into `value`, which has room for it. */
  lookup(key: Uint8Array, value: Uint8Array, flags: bigint | number = 0): number {
    this.#checkKey(key);
    this.#checkRoom(value, flags);
    return this.#elements.lookup(this.fd.number, { key, value, flags });
  }

  update(key: Uint8Array | undefined, value: Uint8Array, flags: bigint | number = 0): number {
    this.#checkKey(key);
    this.#checkValue(value, flags);
    return this.#elements.update(this.fd.number, { key, value, flags });
  }

  delete(key: Uint8Array): number {
    this.#checkKey(key);
    return this.#elements.delete(this.fd.number, key);
  }

  /** Takes an element out of a map and puts its value into `value`, which has room for it. */
  lookupAndDelete(key: Uint8Array | undefined, value: Uint8Array): number {
    this.#checkKey(key);
    this.#checkRoom(value, 0);
    return this.#elements.lookupAndDelete(this.fd.number, { key, value });
  }

  /** Puts the key after `key` (the first without one) into `next`, which has room for it. */
  nextKey(key: Uint8Array | undefined, next: Uint8Array): number {
    this.#checkKey(key);
    const { name, keySize } = this.info();
    expectBytes(next, `room for a key of map '${name}'`, { least: keySize });
    return this.#elements.nextKey(this.fd.number, key, next);
  }

  /** From now on user space can only read. */
  freeze(): number {
    return freezeMap(this.kernel, this.fd.number);
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

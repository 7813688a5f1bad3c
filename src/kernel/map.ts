import {
  ElementCalls,
  freezeMap,
  type MapInfo,
  mustInfo,
  openFdById,
  openFdPinned,
  readMapInfo,
} from '../bpf/index.ts';
import { alignUp } from '../bytes/index.ts';
import { possibleCpus } from '../host/index.ts';
import { checkResult, type Kernel } from '../sys/index.ts';
import { bpf_map_info, bpf_map_type, structView } from '../uapi/index.ts';
import { BpfObject } from './object.ts';

const perCpuTypes = new Set<number>([
  bpf_map_type.BPF_MAP_TYPE_PERCPU_HASH,
  bpf_map_type.BPF_MAP_TYPE_PERCPU_ARRAY,
  bpf_map_type.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  bpf_map_type.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/** True if an element of this map type holds one value for each possible CPU. */
export function isPerCpu(mapType: number): boolean {
  return perCpuTypes.has(mapType);
}

/** Bytes of one element's value as the kernel copies it: per-CPU values are padded to 8 and repeated. */
export function elementValueSize(kernel: Kernel, info: Pick<MapInfo, 'type' | 'valueSize'>): number {
  return isPerCpu(info.type) ? alignUp(info.valueSize, 8) * possibleCpus(kernel) : info.valueSize;
}

/** A live map. Element calls return 0 or -errno; keys and values are raw bytes of the map's sizes. */
export class BpfMap extends BpfObject {
  readonly #elements = new ElementCalls(this.kernel);
  #info: MapInfo | undefined;

  static openById(kernel: Kernel, id: number, flags = 0): BpfMap {
    return new BpfMap(kernel, checkResult(`open map ${id}`, openFdById(kernel, 'map', id, flags)));
  }

  static openPinned(kernel: Kernel, path: string, flags = 0): BpfMap {
    return new BpfMap(kernel, checkResult(`open ${path}`, openFdPinned(kernel, path, flags)));
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

  lookup(key: Uint8Array, value: Uint8Array, flags: bigint | number = 0): number {
    return this.#elements.lookup(this.fd.number, { key, value, flags });
  }

  update(key: Uint8Array | undefined, value: Uint8Array, flags: bigint | number = 0): number {
    return this.#elements.update(this.fd.number, { key, value, flags });
  }

  delete(key: Uint8Array): number {
    return this.#elements.delete(this.fd.number, key);
  }

  lookupAndDelete(key: Uint8Array | undefined, value: Uint8Array): number {
    return this.#elements.lookupAndDelete(this.fd.number, { key, value });
  }

  /** Puts the key after `key` (the first without one) into `next`. */
  nextKey(key: Uint8Array | undefined, next: Uint8Array): number {
    return this.#elements.nextKey(this.fd.number, key, next);
  }

  /** From now on user space can only read. */
  freeze(): number {
    return freezeMap(this.kernel, this.fd.number);
  }
}

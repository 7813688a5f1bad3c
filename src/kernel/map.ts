import { checkResult, type Kernel } from '../sys/index.ts';
import {
  attr_map_create,
  attr_map_elem,
  BPF_OBJ_NAME_LEN,
  bpf_cmd,
  bpf_map_info,
  bpf_map_type,
  structView,
} from '../uapi/index.ts';
import { possibleCpus } from '../host/index.ts';
import { alignUp } from '../bytes/index.ts';
import { BpfObject, mustInfo, openFdById, openFdPinned } from './object.ts';

/** `struct bpf_map_info`. Sizes in bytes. */
export interface MapInfo {
  readonly type: number;
  readonly id: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly name: string;
  readonly ifindex: number;
  readonly netnsDev: bigint;
  readonly netnsIno: bigint;
  readonly btfId: number;
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
  readonly btfVmlinuxValueTypeId: number;
  readonly btfVmlinuxId: number;
  readonly mapExtra: bigint;
}

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

/** Calls that only read the value they are given. */
const keepsValue = new Set<number>([bpf_cmd.BPF_MAP_UPDATE_ELEM, bpf_cmd.BPF_MAP_DELETE_ELEM]);

/** A live map. Element calls return 0 or -errno; keys and values are raw bytes of the map's sizes. */
export class BpfMap extends BpfObject {
  readonly #attr = structView(attr_map_elem);
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
    return this.#element(bpf_cmd.BPF_MAP_LOOKUP_ELEM, key, value, flags);
  }

  update(key: Uint8Array | undefined, value: Uint8Array, flags: bigint | number = 0): number {
    return this.#element(bpf_cmd.BPF_MAP_UPDATE_ELEM, key, value, flags);
  }

  delete(key: Uint8Array): number {
    return this.#element(bpf_cmd.BPF_MAP_DELETE_ELEM, key, undefined, 0);
  }

  lookupAndDelete(key: Uint8Array | undefined, value: Uint8Array): number {
    return this.#element(bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM, key, value, 0);
  }

  /** Puts the key after `key` (the first without one) into `next`. */
  nextKey(key: Uint8Array | undefined, next: Uint8Array): number {
    return this.#element(bpf_cmd.BPF_MAP_GET_NEXT_KEY, key, next, 0);
  }

  /** From now on user space can only read. */
  freeze(): number {
    return this.#element(bpf_cmd.BPF_MAP_FREEZE, undefined, undefined, 0);
  }

  #element(
    command: number,
    key: Uint8Array | undefined,
    value: Uint8Array | undefined,
    flags: bigint | number,
  ): number {
    const attr = this.#attr;
    attr.set('map_fd', this.fd.number).set('flags', flags);
    // Maps without keys refuse an address, even of nothing: empty arrays are null pointers.
    attr.point('key', key);
    if (keepsValue.has(command)) attr.point('value', value);
    else attr.receive('value', value);
    return this.kernel.bpf(command, attr);
  }
}

export function readMapInfo(kernel: Kernel, fd: number): MapInfo {
  const info = mustInfo(kernel, fd, structView(bpf_map_info, new Uint8Array(88)));
  return {
    type: info.u32('type'),
    id: info.u32('id'),
    keySize: info.u32('key_size'),
    valueSize: info.u32('value_size'),
    maxEntries: info.u32('max_entries'),
    flags: info.u32('map_flags'),
    name: info.text('name'),
    ifindex: info.u32('ifindex'),
    netnsDev: info.u64('netns_dev'),
    netnsIno: info.u64('netns_ino'),
    btfId: info.u32('btf_id'),
    btfKeyTypeId: info.u32('btf_key_type_id'),
    btfValueTypeId: info.u32('btf_value_type_id'),
    btfVmlinuxValueTypeId: info.u32('btf_vmlinux_value_type_id'),
    btfVmlinuxId: info.u32('btf_vmlinux_id'),
    mapExtra: info.u64('map_extra'),
  };
}

export interface MapCreateRequest {
  readonly type: number;
  readonly name: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags?: number;
  readonly innerMapFd?: number;
  readonly ifindex?: number;
}

/** Creates a map: its descriptor, or -errno. A kernel without map names gets none. */
export function createMap(kernel: Kernel, request: MapCreateRequest): number {
  const attr = structView(attr_map_create, new Uint8Array(72));
  attr.set('map_type', request.type).set('key_size', request.keySize).set('value_size', request.valueSize);
  attr.set('max_entries', request.maxEntries).set('map_flags', request.flags ?? 0);
  attr.set('inner_map_fd', request.innerMapFd ?? 0).set('map_ifindex', request.ifindex ?? 0);
  attr.bytesOf('map_name').set(new TextEncoder().encode(request.name).subarray(0, BPF_OBJ_NAME_LEN - 1));
  return kernel.bpf(bpf_cmd.BPF_MAP_CREATE, attr);
}

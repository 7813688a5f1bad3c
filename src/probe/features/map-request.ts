import type { MapRequest } from '../../bpf/index.ts';
import { BtfBuilder } from '../../btf/index.ts';
import { type Kernel, SC_PAGESIZE } from '../../sys/index.ts';
import { BPF_F_MMAPABLE, BPF_F_NO_PREALLOC, bpf_map_type as map, mapTypeName } from '../../uapi/index.ts';

/** How a map of some type is tried. */
export interface MapTrial {
  readonly request: MapRequest;
  /** Descriptors that the request has to name besides. */
  readonly needs?: 'innerMap' | 'storageTypes';
  /** The type is there if the kernel refuses with ENOTSUPP instead of making the map. */
  readonly isRefused?: boolean;
}

const cgroupStorageKeySize = 16;
const instructionPlaceSize = 16;

/** Ids of the types of `storageBtf`. */
export const storageTypes = { key: 1, value: 3 };

/** The trial of a map type; undefined for one that is not known how to try. Source of the choices: libbpf. */
export function mapTrial(kernel: Kernel, type: number): MapTrial | undefined {
  switch (type) {
    case map.BPF_MAP_TYPE_STACK_TRACE:
      return { request: { type, valueSize: 8 } };
    case map.BPF_MAP_TYPE_LPM_TRIE:
      return { request: { type, keySize: 8, valueSize: 8, flags: BPF_F_NO_PREALLOC } };
    case map.BPF_MAP_TYPE_RHASH:
      return { request: { type, flags: BPF_F_NO_PREALLOC } };
    case map.BPF_MAP_TYPE_CGROUP_STORAGE:
    case map.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
      return { request: { type, keySize: cgroupStorageKeySize, valueSize: 8, maxEntries: 0 } };
    case map.BPF_MAP_TYPE_QUEUE:
    case map.BPF_MAP_TYPE_STACK:
    case map.BPF_MAP_TYPE_BLOOM_FILTER:
      return { request: { type, keySize: 0 } };
    case map.BPF_MAP_TYPE_SK_STORAGE:
    case map.BPF_MAP_TYPE_INODE_STORAGE:
    case map.BPF_MAP_TYPE_TASK_STORAGE:
    case map.BPF_MAP_TYPE_CGRP_STORAGE:
      return { request: { type, valueSize: 8, maxEntries: 0, flags: BPF_F_NO_PREALLOC }, needs: 'storageTypes' };
    case map.BPF_MAP_TYPE_RINGBUF:
    case map.BPF_MAP_TYPE_USER_RINGBUF:
      return { request: { type, keySize: 0, valueSize: 0, maxEntries: kernel.systemConfiguration(SC_PAGESIZE) } };
    case map.BPF_MAP_TYPE_STRUCT_OPS:
      return { request: { type, vmlinuxValueTypeId: 1 }, isRefused: true };
    case map.BPF_MAP_TYPE_ARENA:
      return { request: { type, keySize: 0, valueSize: 0, flags: BPF_F_MMAPABLE } };
    case map.BPF_MAP_TYPE_INSN_ARRAY:
      return { request: { type, valueSize: instructionPlaceSize } };
    case map.BPF_MAP_TYPE_ARRAY_OF_MAPS:
    case map.BPF_MAP_TYPE_HASH_OF_MAPS:
      return { request: { type }, needs: 'innerMap' };
    default:
      return mapTypeName(type) === undefined || type === 0 ? undefined : { request: { type } };
  }
}

/** `struct val { int cnt; struct bpf_spin_lock l; }`, which is what a storage of sockets can hold. */
export function storageBtf(): Uint8Array {
  const builder = new BtfBuilder();
  const int = builder.add({
    ...{ kind: 'int', name: '', size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false },
  } as const);
  const lock = builder.add({
    ...{ kind: 'struct', name: 'bpf_spin_lock', size: 4, kindFlag: false },
    members: [{ name: 'val', typeId: int, bitOffset: 0, bitSize: 0 }],
  } as const);
  builder.add({
    ...{ kind: 'struct', name: 'val', size: 8, kindFlag: false },
    members: [
      { name: 'cnt', typeId: int, bitOffset: 0, bitSize: 0 },
      { name: 'l', typeId: lock, bitOffset: 32, bitSize: 0 },
    ],
  } as const);
  return builder.finish();
}

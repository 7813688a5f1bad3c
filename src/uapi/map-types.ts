// What each type of map is, in one table: a new type is one row here, and the compiler asks for it when the enum has it.
import { BPF_F_MMAPABLE, BPF_F_NO_PREALLOC } from './generated/constants.ts';
import { bpf_map_type as map } from './generated/enums.ts';

export interface MapType {
  /** As bpftool prints it: `percpu_hash`. */
  readonly name: string;
  /** The first kernel with it, `major.minor`; undefined if every kernel since 4.15 has it, or the version is not certain. */
  readonly since?: string;
  /** An element holds one value for each possible CPU, each padded to 8 bytes. */
  readonly isPerCpu?: true;
  /** Values are descriptors of other objects when written, and their ids when read. */
  readonly holds?: 'maps' | 'programs';
  /** Values of 8 bytes and more have the id of a program that runs for the element, or 0, at byte 4. */
  readonly hasProgramInValue?: true;
  /** The kernel refuses types of keys and values for it, or does not look at them. */
  readonly isWithoutBtf?: true;
  /** How it is used: by keys and values unless said, by reading its events, or by what neither says. */
  readonly use?: 'events' | 'other';
  /** Its size is in bytes and must be a power of two of pages. */
  readonly isRing?: true;
  /** The kernel itself makes it read-only for programs. */
  readonly isReadOnlyForPrograms?: true;
  /** Elements are in the order of a trie, in which a batch may begin again at an ancestor of its last key. */
  readonly isTrie?: true;
  /** Network devices that run programs themselves can have it. */
  readonly isOnDevices?: true;
  /** How a map of the type is made to see whether the kernel has it, beyond key and value of 4 bytes and one entry. Source: libbpf. */
  readonly trial?: MapTypeTrial;
}

export interface MapTypeTrial {
  readonly keySize?: number;
  readonly valueSize?: number;
  readonly maxEntries?: number | 'page size';
  readonly flags?: number;
  /** A type of the kernel's own as value. */
  readonly vmlinuxValueTypeId?: number;
  /** Descriptors that the request has to name besides. */
  readonly needs?: 'innerMap' | 'storageTypes';
  /** The type is there if the kernel refuses with ENOTSUPP instead of making the map. */
  readonly isRefused?: true;
}

const cgroupStorage: MapTypeTrial = { keySize: 16, valueSize: 8, maxEntries: 0 };
const localStorage: MapTypeTrial = { valueSize: 8, maxEntries: 0, flags: BPF_F_NO_PREALLOC, needs: 'storageTypes' };
const ring: MapTypeTrial = { keySize: 0, valueSize: 0, maxEntries: 'page size' };
const keyless: MapTypeTrial = { keySize: 0 };

type Known = Exclude<keyof typeof map, '__MAX_BPF_MAP_TYPE'>;

const mapTypes: Readonly<Record<(typeof map)[Known], MapType>> = {
  [map.BPF_MAP_TYPE_UNSPEC]: { name: 'unspec' },
  [map.BPF_MAP_TYPE_HASH]: { name: 'hash', isOnDevices: true },
  [map.BPF_MAP_TYPE_ARRAY]: { name: 'array', isOnDevices: true },
  [map.BPF_MAP_TYPE_PROG_ARRAY]: { name: 'prog_array', holds: 'programs', use: 'other' },
  [map.BPF_MAP_TYPE_PERF_EVENT_ARRAY]: { name: 'perf_event_array', isWithoutBtf: true, use: 'events' },
  [map.BPF_MAP_TYPE_PERCPU_HASH]: { name: 'percpu_hash', isPerCpu: true },
  [map.BPF_MAP_TYPE_PERCPU_ARRAY]: { name: 'percpu_array', isPerCpu: true },
  [map.BPF_MAP_TYPE_STACK_TRACE]: { name: 'stack_trace', isWithoutBtf: true, trial: { valueSize: 8 } },
  [map.BPF_MAP_TYPE_CGROUP_ARRAY]: { name: 'cgroup_array', isWithoutBtf: true },
  [map.BPF_MAP_TYPE_LRU_HASH]: { name: 'lru_hash' },
  [map.BPF_MAP_TYPE_LRU_PERCPU_HASH]: { name: 'lru_percpu_hash', isPerCpu: true },
  [map.BPF_MAP_TYPE_LPM_TRIE]: {
    ...{ name: 'lpm_trie', isTrie: true },
    trial: { keySize: 8, valueSize: 8, flags: BPF_F_NO_PREALLOC },
  },
  [map.BPF_MAP_TYPE_ARRAY_OF_MAPS]: {
    ...{ name: 'array_of_maps', holds: 'maps', isWithoutBtf: true, use: 'other' },
    trial: { needs: 'innerMap' },
  },
  [map.BPF_MAP_TYPE_HASH_OF_MAPS]: {
    ...{ name: 'hash_of_maps', holds: 'maps', isWithoutBtf: true, use: 'other' },
    trial: { needs: 'innerMap' },
  },
  [map.BPF_MAP_TYPE_DEVMAP]: {
    name: 'devmap',
    hasProgramInValue: true,
    isWithoutBtf: true,
    isReadOnlyForPrograms: true,
  },
  [map.BPF_MAP_TYPE_SOCKMAP]: { name: 'sockmap', isWithoutBtf: true },
  [map.BPF_MAP_TYPE_CPUMAP]: { name: 'cpumap', hasProgramInValue: true, isWithoutBtf: true },
  [map.BPF_MAP_TYPE_XSKMAP]: { name: 'xskmap', since: '4.18', isWithoutBtf: true },
  [map.BPF_MAP_TYPE_SOCKHASH]: { name: 'sockhash', since: '4.18', isWithoutBtf: true },
  [map.BPF_MAP_TYPE_CGROUP_STORAGE]: { name: 'cgroup_storage', since: '4.19', trial: cgroupStorage },
  [map.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY]: { name: 'reuseport_sockarray', since: '4.19' },
  [map.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE]: {
    ...{ name: 'percpu_cgroup_storage', since: '4.20', isPerCpu: true },
    trial: cgroupStorage,
  },
  [map.BPF_MAP_TYPE_QUEUE]: { name: 'queue', since: '4.20', isWithoutBtf: true, trial: keyless },
  [map.BPF_MAP_TYPE_STACK]: { name: 'stack', since: '4.20', isWithoutBtf: true, trial: keyless },
  [map.BPF_MAP_TYPE_SK_STORAGE]: { name: 'sk_storage', since: '5.2', trial: localStorage },
  [map.BPF_MAP_TYPE_DEVMAP_HASH]: {
    ...{ name: 'devmap_hash', since: '5.4', hasProgramInValue: true, isWithoutBtf: true },
    isReadOnlyForPrograms: true,
  },
  [map.BPF_MAP_TYPE_STRUCT_OPS]: {
    ...{ name: 'struct_ops', since: '5.6' },
    trial: { vmlinuxValueTypeId: 1, isRefused: true },
  },
  [map.BPF_MAP_TYPE_RINGBUF]: { name: 'ringbuf', since: '5.8', use: 'events', isRing: true, trial: ring },
  [map.BPF_MAP_TYPE_INODE_STORAGE]: { name: 'inode_storage', since: '5.10', trial: localStorage },
  [map.BPF_MAP_TYPE_TASK_STORAGE]: { name: 'task_storage', since: '5.11', trial: localStorage },
  [map.BPF_MAP_TYPE_BLOOM_FILTER]: { name: 'bloom_filter', since: '5.16', trial: keyless },
  [map.BPF_MAP_TYPE_USER_RINGBUF]: { name: 'user_ringbuf', since: '6.1', use: 'other', isRing: true, trial: ring },
  [map.BPF_MAP_TYPE_CGRP_STORAGE]: { name: 'cgrp_storage', since: '6.2', trial: localStorage },
  [map.BPF_MAP_TYPE_ARENA]: {
    ...{ name: 'arena', since: '6.9', isWithoutBtf: true, use: 'other' },
    trial: { keySize: 0, valueSize: 0, flags: BPF_F_MMAPABLE },
  },
  [map.BPF_MAP_TYPE_INSN_ARRAY]: { name: 'insn_array', since: '6.19', trial: { valueSize: 16 } },
  [map.BPF_MAP_TYPE_RHASH]: { name: 'rhash', trial: { flags: BPF_F_NO_PREALLOC } },
};

/** What a type of map is, by its number; undefined for one newer than the table. */
export function mapType(type: number): MapType | undefined {
  return (mapTypes as Readonly<Record<number, MapType | undefined>>)[type];
}

/** `percpu_hash` for BPF_MAP_TYPE_PERCPU_HASH; undefined for a type newer than the table. */
export function mapTypeName(type: number): string | undefined {
  return mapType(type)?.name;
}

/** The number of a map type by its exact name, or undefined. */
export function mapTypeFromName(name: string): number | undefined {
  const found = Object.entries(mapTypes).find(([, row]) => row.name === name);
  return found === undefined ? undefined : Number(found[0]);
}

/** Number → first kernel version, of those types that came after 4.15. */
export function mapTypeVersions(): ReadonlyMap<number, string> {
  return new Map(Object.entries(mapTypes).flatMap(([type, { since }]) => (since ? [[Number(type), since]] : [])));
}

/** True if an element of this map type holds one value for each possible CPU. */
export function isPerCpu(type: number): boolean {
  return mapType(type)?.isPerCpu === true;
}

/** True for maps of maps. */
export function isMapInMap(type: number): boolean {
  return mapType(type)?.holds === 'maps';
}

/** True for maps of programs. */
export function holdsPrograms(type: number): boolean {
  return mapType(type)?.holds === 'programs';
}

/** True for types of maps that may be created with types of keys and values. */
export function takesBtf(type: number): boolean {
  return mapType(type)?.isWithoutBtf !== true;
}

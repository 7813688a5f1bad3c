import type { Kernel } from '../sys/index.ts';
import { attr_map_create, attr_map_elem, bpf_cmd, bpf_map_info, type StructView, structView } from '../uapi/index.ts';
import { mustInfo, tryInfo } from './object.ts';

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

/** What the kernel says of a map, or -errno. */
export function tryMapInfo(kernel: Kernel, fd: number): MapInfo | number {
  const info = structView(bpf_map_info);
  const result = tryInfo(kernel, fd, info);
  return result < 0 ? result : toMapInfo(info);
}

/** As `tryMapInfo`, throwing SyscallError. */
export function readMapInfo(kernel: Kernel, fd: number): MapInfo {
  return toMapInfo(mustInfo(kernel, fd, structView(bpf_map_info)));
}

function toMapInfo(info: StructView<typeof bpf_map_info>): MapInfo {
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

/** What a map is made with. */
export interface MapRequest {
  /** `enum bpf_map_type` */
  readonly type: number;
  /** Cut to 15 bytes. */
  readonly name?: string;
  /** Bytes; 4 unless given. */
  readonly keySize?: number;
  readonly valueSize?: number;
  /** 1 unless given. */
  readonly maxEntries?: number;
  /** `BPF_F_*`. */
  readonly flags?: number;
  readonly mapExtra?: bigint;
  readonly numaNode?: number;
  /** A network device that runs programs itself. */
  readonly ifindex?: number;
  readonly innerMapFd?: number;
  readonly btfFd?: number;
  readonly keyTypeId?: number;
  readonly valueTypeId?: number;
  readonly vmlinuxValueTypeId?: number;
  readonly valueTypeBtfFd?: number;
  /** SHA-256 of the only program that may use the map. */
  readonly programHash?: Uint8Array | undefined;
}

/** Creates a map by BPF_MAP_CREATE: its descriptor, or -errno. */
export function createMap(kernel: Kernel, request: MapRequest): number {
  const attr = structView(attr_map_create);
  attr.set('map_type', request.type);
  attr.set('key_size', request.keySize ?? 4);
  attr.set('value_size', request.valueSize ?? 4);
  attr.set('max_entries', request.maxEntries ?? 1);
  attr.set('map_flags', request.flags ?? 0);
  attr.set('inner_map_fd', request.innerMapFd ?? 0);
  attr.set('numa_node', request.numaNode ?? 0);
  attr.setText('map_name', request.name ?? '');
  attr.set('map_ifindex', request.ifindex ?? 0);
  attr.set('btf_fd', request.btfFd ?? 0);
  attr.set('btf_key_type_id', request.keyTypeId ?? 0);
  attr.set('btf_value_type_id', request.valueTypeId ?? 0);
  attr.set('btf_vmlinux_value_type_id', request.vmlinuxValueTypeId ?? 0);
  attr.set('value_type_btf_obj_fd', request.valueTypeBtfFd ?? 0);
  attr.set('map_extra', request.mapExtra ?? 0);
  if (request.programHash) {
    attr.point('excl_prog_hash', request.programHash);
    attr.set('excl_prog_hash_size', request.programHash.length);
  }
  return kernel.bpf(bpf_cmd.BPF_MAP_CREATE, attr);
}

/** From now on user space can only read the map. Returns 0 or -errno. */
export function freezeMap(kernel: Kernel, fd: number): number {
  return kernel.bpf(bpf_cmd.BPF_MAP_FREEZE, structView(attr_map_elem).set('map_fd', fd));
}

import { cString, encodeUtf8 } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';
import {
  attr_btf_load,
  attr_get_id,
  attr_info,
  attr_link_create,
  attr_map_create,
  attr_map_elem,
  attr_obj_pin,
  attr_prog_bind_map,
  attr_prog_load,
  attr_raw_tracepoint,
  bpf_btf_info,
  bpf_cmd,
  bpf_map_info,
  bpf_prog_info,
  type NativeStruct,
  structView,
} from '../uapi/index.ts';

/** bpf(2) commands the loader uses. All return what the kernel returns, or the negative errno. */

type View = ReturnType<typeof structView>;

/** Writes text, cut so that a NUL follows. */
function setName(view: View, member: string, text: string): void {
  const field = view.bytesOf(member);
  field.set(encodeUtf8(text).subarray(0, field.length - 1));
}

export interface MapRequest {
  type: number;
  name: string;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  mapExtra: bigint;
  numaNode: number;
  ifindex: number;
  innerMapFd: number;
  btfFd: number;
  keyTypeId: number;
  valueTypeId: number;
  vmlinuxValueTypeId: number;
  valueTypeBtfFd: number;
  /** SHA-256 of the only program that may use the map. */
  programHash: Uint8Array | undefined;
}

export function createMap(kernel: Kernel, request: MapRequest): number {
  const attr = structView(attr_map_create);
  attr.set('map_type', request.type);
  attr.set('key_size', request.keySize);
  attr.set('value_size', request.valueSize);
  attr.set('max_entries', request.maxEntries);
  attr.set('map_flags', request.flags);
  attr.set('inner_map_fd', request.innerMapFd);
  attr.set('numa_node', request.numaNode);
  setName(attr, 'map_name', request.name);
  attr.set('map_ifindex', request.ifindex);
  attr.set('btf_fd', request.btfFd);
  attr.set('btf_key_type_id', request.keyTypeId);
  attr.set('btf_value_type_id', request.valueTypeId);
  attr.set('btf_vmlinux_value_type_id', request.vmlinuxValueTypeId);
  attr.set('value_type_btf_obj_fd', request.valueTypeBtfFd);
  attr.set('map_extra', request.mapExtra);
  if (request.programHash) {
    attr.point('excl_prog_hash', request.programHash);
    attr.set('excl_prog_hash_size', request.programHash.length);
  }
  return kernel.bpf(bpf_cmd.BPF_MAP_CREATE, attr);
}

export interface ProgramRequest {
  type: number;
  name: string;
  code: Uint8Array;
  license: string;
  kernelVersion: number;
  expectedAttachType: number;
  flags: number;
  ifindex: number;
  btfFd: number;
  funcInfo: { bytes: Uint8Array; recordSize: number } | undefined;
  lineInfo: { bytes: Uint8Array; recordSize: number } | undefined;
  /** For the kernel to apply; it takes them only with function or line records. */
  coreRelocations: { bytes: Uint8Array; recordSize: number } | undefined;
  attachBtfId: number;
  /** A program's fd, or that of a module's BTF. */
  attachFd: number;
  fdArray: Uint8Array | undefined;
  /** By a key in a keyring; it covers the maps of `fdArray`. */
  signature: { bytes: Uint8Array; keyring: number } | undefined;
  logLevel: number;
  log: Uint8Array | undefined;
}

export function loadProgram(kernel: Kernel, request: ProgramRequest): number {
  const attr = structView(attr_prog_load);
  const license = cString(request.license);
  attr.set('prog_type', request.type);
  attr.set('insn_cnt', request.code.length / 8);
  attr.point('insns', request.code);
  attr.point('license', license);
  attr.set('log_level', request.logLevel);
  if (request.log) {
    attr.set('log_size', request.log.length);
    attr.receive('log_buf', request.log);
  }
  attr.set('kern_version', request.kernelVersion);
  attr.set('prog_flags', request.flags);
  setName(attr, 'prog_name', request.name);
  attr.set('prog_ifindex', request.ifindex);
  attr.set('expected_attach_type', request.expectedAttachType);
  attr.set('prog_btf_fd', request.btfFd);
  const { funcInfo, lineInfo, coreRelocations } = request;
  if (funcInfo) {
    attr.set('func_info_rec_size', funcInfo.recordSize);
    attr.point('func_info', funcInfo.bytes);
    attr.set('func_info_cnt', funcInfo.bytes.length / funcInfo.recordSize);
  }
  if (lineInfo) {
    attr.set('line_info_rec_size', lineInfo.recordSize);
    attr.point('line_info', lineInfo.bytes);
    attr.set('line_info_cnt', lineInfo.bytes.length / lineInfo.recordSize);
  }
  if (coreRelocations) {
    attr.set('core_relo_rec_size', coreRelocations.recordSize);
    attr.point('core_relos', coreRelocations.bytes);
    attr.set('core_relo_cnt', coreRelocations.bytes.length / coreRelocations.recordSize);
  }
  attr.set('attach_btf_id', request.attachBtfId);
  attr.set('attach_prog_fd', request.attachFd);
  if (request.fdArray) attr.point('fd_array', request.fdArray);
  if (request.signature) {
    attr.set('fd_array_cnt', (request.fdArray?.length ?? 0) / 4);
    attr.point('signature', request.signature.bytes);
    attr.set('signature_size', request.signature.bytes.length);
    attr.set('keyring_id', request.signature.keyring);
  }
  let result = 0;
  // The verifier asks for another attempt when a signal interrupted it.
  for (let attempts = 0; attempts < 5; attempts++) {
    result = kernel.bpf(bpf_cmd.BPF_PROG_LOAD, attr);
    if (result !== -11) break;
  }
  return result;
}

export function loadBtf(kernel: Kernel, btf: Uint8Array, log?: Uint8Array): number {
  const attr = structView(attr_btf_load);
  attr.point('btf', btf);
  attr.set('btf_size', btf.length);
  if (log) {
    attr.receive('btf_log_buf', log);
    attr.set('btf_log_size', log.length);
    attr.set('btf_log_level', 1);
  }
  return kernel.bpf(bpf_cmd.BPF_BTF_LOAD, attr);
}

export function updateElement(
  kernel: Kernel,
  fd: number,
  element: { key: Uint8Array; value: Uint8Array; flags?: bigint },
): number {
  const attr = structView(attr_map_elem);
  attr.set('map_fd', fd);
  attr.point('key', element.key);
  attr.point('value', element.value);
  attr.set('flags', element.flags ?? 0);
  return kernel.bpf(bpf_cmd.BPF_MAP_UPDATE_ELEM, attr);
}

export function freezeMap(kernel: Kernel, fd: number): number {
  const attr = structView(attr_map_elem);
  attr.set('map_fd', fd);
  return kernel.bpf(bpf_cmd.BPF_MAP_FREEZE, attr);
}

export function pinObject(kernel: Kernel, fd: number, path: string): number {
  const attr = structView(attr_obj_pin);
  const pathname = cString(path);
  attr.point('pathname', pathname);
  attr.set('bpf_fd', fd);
  return kernel.bpf(bpf_cmd.BPF_OBJ_PIN, attr);
}

export function openPinned(kernel: Kernel, path: string): number {
  const attr = structView(attr_obj_pin);
  const pathname = cString(path);
  attr.point('pathname', pathname);
  return kernel.bpf(bpf_cmd.BPF_OBJ_GET, attr);
}

export function bindMap(kernel: Kernel, programFd: number, mapFd: number): number {
  const attr = structView(attr_prog_bind_map);
  attr.set('prog_fd', programFd);
  attr.set('map_fd', mapFd);
  return kernel.bpf(bpf_cmd.BPF_PROG_BIND_MAP, attr);
}

/** Information about the object of `fd`, or the negative errno. `into` is filled with the kernel's struct. */
function getInfo(kernel: Kernel, fd: number, into: View): number {
  const attr = structView(attr_info);
  attr.set('bpf_fd', fd);
  attr.set('info_len', into.bytes.length);
  attr.receive('info', into);
  return kernel.bpf(bpf_cmd.BPF_OBJ_GET_INFO_BY_FD, attr);
}

export interface MapFacts {
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  mapExtra: bigint;
  name: string;
}

export function mapFacts(kernel: Kernel, fd: number): MapFacts | number {
  const info = structView(bpf_map_info);
  const result = getInfo(kernel, fd, info);
  if (result < 0) return result;
  return {
    type: info.u32('type'),
    keySize: info.u32('key_size'),
    valueSize: info.u32('value_size'),
    maxEntries: info.u32('max_entries'),
    flags: info.u32('map_flags'),
    mapExtra: info.u64('map_extra'),
    name: info.text('name'),
  };
}

export interface KernelBtfFacts {
  name: string;
  isKernel: boolean;
  bytes: Uint8Array;
}

/** Name and contents of the BTF object of `fd`; contents only of the kernel's and its modules' BTF. */
export function btfFacts(kernel: Kernel, fd: number): KernelBtfFacts | number {
  const info = structView(bpf_btf_info);
  const name = new Uint8Array(64);
  info.receive('name', name);
  info.set('name_len', name.length);
  let result = getInfo(kernel, fd, info);
  if (result === -Errno.E2BIG) {
    // Before 5.11 there are no names, and no BTF of the kernel among the objects.
    info.set('name', 0n).set('name_len', 0);
    result = getInfo(kernel, fd, info);
  }
  if (result < 0) return result;
  const text = Buffer.from(name.subarray(0, Math.max(0, name.indexOf(0)))).toString();
  const facts = { name: text, isKernel: info.u32('kernel_btf') !== 0, bytes: new Uint8Array(0) };
  if (!facts.isKernel || text === 'vmlinux') return facts;
  const bytes = new Uint8Array(info.u32('btf_size'));
  const again = structView(bpf_btf_info);
  again.receive('btf', bytes);
  again.set('btf_size', bytes.length);
  const second = getInfo(kernel, fd, again);
  return second < 0 ? second : { ...facts, bytes };
}

/** Id of the BTF of the program of `fd`, 0 if it has none, or the negative errno. */
export function programBtfId(kernel: Kernel, fd: number): number {
  const info = structView(bpf_prog_info);
  const result = getInfo(kernel, fd, info);
  return result < 0 ? result : info.u32('btf_id');
}

export function nextBtfId(kernel: Kernel, after: number): number {
  const attr = structView(attr_get_id);
  attr.set('start_id', after);
  const result = kernel.bpf(bpf_cmd.BPF_BTF_GET_NEXT_ID, attr);
  return result < 0 ? result : attr.u32('next_id');
}

export function btfFdById(kernel: Kernel, id: number): number {
  const attr = structView(attr_get_id);
  attr.set('btf_id', id);
  return kernel.bpf(bpf_cmd.BPF_BTF_GET_FD_BY_ID, attr);
}

export function openRawTracepoint(kernel: Kernel, programFd: number, name: string | undefined): number {
  const attr = structView(attr_raw_tracepoint);
  const text = name === undefined ? undefined : cString(name);
  if (text) attr.point('name', text);
  attr.set('prog_fd', programFd);
  return kernel.bpf(bpf_cmd.BPF_RAW_TRACEPOINT_OPEN, attr);
}

export interface LinkRequest {
  programFd: number;
  /** An fd or an interface index, by attach type. */
  target: number;
  attachType: number;
  flags?: number;
  /** Members that depend on the link type. */
  details?: LinkDetails;
}

/** Numbers, and what pointers name. */
export type LinkDetails = Partial<
  Record<keyof typeof attr_link_create.members, number | bigint | Uint8Array | NativeStruct>
>;

export function createLink(kernel: Kernel, request: LinkRequest): number {
  const attr = structView(attr_link_create);
  attr.set('prog_fd', request.programFd);
  attr.set('target_fd', request.target);
  attr.set('attach_type', request.attachType);
  attr.set('flags', request.flags ?? 0);
  for (const [member, value] of Object.entries(request.details ?? {})) {
    if (typeof value === 'object') attr.point(member as keyof LinkDetails, value);
    else attr.set(member as keyof LinkDetails, value);
  }
  return kernel.bpf(bpf_cmd.BPF_LINK_CREATE, attr);
}

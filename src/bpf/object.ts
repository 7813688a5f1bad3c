import { cString } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import { checkResult, type Fd, type Kernel, syscallError } from '../sys/index.ts';
import {
  attr_get_id,
  attr_info,
  attr_obj_pin,
  bpf_cmd,
  type StructLayout,
  type StructView,
  structView,
} from '../uapi/index.ts';

/** Kinds of BPF objects that have ids. */
export type ObjectKind = 'prog' | 'map' | 'link' | 'btf';

/** An object and the kernel it is open in. */
export interface OpenObject {
  readonly kernel: Kernel;
  readonly fd: Fd;
}

const nextCommands = {
  prog: bpf_cmd.BPF_PROG_GET_NEXT_ID,
  map: bpf_cmd.BPF_MAP_GET_NEXT_ID,
  link: bpf_cmd.BPF_LINK_GET_NEXT_ID,
  btf: bpf_cmd.BPF_BTF_GET_NEXT_ID,
};
const openCommands = {
  prog: bpf_cmd.BPF_PROG_GET_FD_BY_ID,
  map: bpf_cmd.BPF_MAP_GET_FD_BY_ID,
  link: bpf_cmd.BPF_LINK_GET_FD_BY_ID,
  btf: bpf_cmd.BPF_BTF_GET_FD_BY_ID,
};

/** Used again by each call, since lists of objects are made of thousands of them; none goes on after it has returned. */
let idRequest: StructView<typeof attr_get_id> | undefined;

function requestOfId(id: number, flags: number): StructView<typeof attr_get_id> {
  idRequest ??= structView(attr_get_id);
  return idRequest.set('start_id', id).set('next_id', 0).set('open_flags', flags);
}

/** Id of the first object after `id`, or -errno (-ENOENT after the last). */
export function nextId(kernel: Kernel, kind: ObjectKind, id: number): number {
  const attr = requestOfId(id, 0);
  const result = kernel.bpf(nextCommands[kind], attr);
  return result < 0 ? result : attr.u32('next_id');
}

/** Ids of all objects of a kind, ascending. Throws SyscallError where the kernel refuses to list them. */
export function* objectIds(kernel: Kernel, kind: ObjectKind): Generator<number> {
  for (let id = 0; ; ) {
    id = nextId(kernel, kind, id);
    if (id === -Errno.ENOENT) return;
    if (id < 0) throw syscallError(`list ${kind} ids`, id);
    yield id;
  }
}

/** A descriptor for the object with this id, or -errno. `flags`: BPF_F_RDONLY … (maps). */
export function openFdById(kernel: Kernel, kind: ObjectKind, id: number, flags = 0): number {
  return kernel.bpf(openCommands[kind], requestOfId(id, flags));
}

/** A descriptor for what is pinned at `path`, or -errno. */
export function openFdPinned(kernel: Kernel, path: string, flags = 0): number {
  const attr = structView(attr_obj_pin);
  attr.point('pathname', cString(path)).set('file_flags', flags);
  return kernel.bpf(bpf_cmd.BPF_OBJ_GET, attr);
}

/** Pins the object of `fd` at `path` on a bpffs. Returns 0 or -errno. */
export function pinFd(kernel: Kernel, fd: number, path: string): number {
  const attr = structView(attr_obj_pin);
  attr.point('pathname', cString(path)).set('bpf_fd', fd);
  return kernel.bpf(bpf_cmd.BPF_OBJ_PIN, attr);
}

/** Fills `info` from the kernel. Returns 0 or -errno. Kernels with a shorter struct leave the rest as it is. */
export function tryInfo<L extends StructLayout>(kernel: Kernel, fd: number, info: StructView<L>): number {
  const attr = structView(attr_info);
  attr.set('bpf_fd', fd).set('info_len', info.bytes.length).receive('info', info);
  return kernel.bpf(bpf_cmd.BPF_OBJ_GET_INFO_BY_FD, attr);
}

/** As `tryInfo`, throwing SyscallError. */
export function mustInfo<L extends StructLayout>(kernel: Kernel, fd: number, info: StructView<L>): StructView<L> {
  checkResult('get object info', tryInfo(kernel, fd, info));
  return info;
}

import { cString } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';
import {
  attr_prog_bind_map,
  attr_prog_load,
  bpf_cmd,
  bpf_prog_info,
  bpf_prog_type,
  type StructView,
  structView,
} from '../uapi/index.ts';
import { tryInfo } from './object.ts';

/** Records of a section of .BTF.ext, `recordSize` bytes each. */
export interface ProgramRecords {
  readonly bytes: Uint8Array;
  readonly recordSize: number;
}

/** What a program is loaded with. */
export interface ProgramRequest {
  /** Of the instructions, 8 bytes each. */
  readonly code: Uint8Array;
  /** `enum bpf_prog_type`; a socket filter unless given. */
  readonly type?: number;
  /** Cut to 15 bytes. */
  readonly name?: string;
  /** `GPL` unless given. */
  readonly license?: string;
  /** LINUX_VERSION_CODE, which kprobes needed before 5.0. */
  readonly kernelVersion?: number;
  readonly expectedAttachType?: number;
  /** `BPF_F_*`. */
  readonly flags?: number;
  /** A network device that runs the program itself. */
  readonly ifindex?: number;
  readonly btfFd?: number;
  readonly funcInfo?: ProgramRecords | undefined;
  readonly lineInfo?: ProgramRecords | undefined;
  /** For the kernel to apply; it takes them only with function or line records. */
  readonly coreRelocations?: ProgramRecords | undefined;
  readonly attachBtfId?: number;
  /** A program's fd, or that of a module's BTF. */
  readonly attachFd?: number;
  /** Descriptors, 4 bytes each, that instructions name by index. */
  readonly fdArray?: Uint8Array | undefined;
  /** By a key in a keyring; it covers the maps of `fdArray`. */
  readonly signature?: { readonly bytes: Uint8Array; readonly keyring: number } | undefined;
  readonly logLevel?: number;
  /** Room for the verifier's log. */
  readonly log?: Uint8Array | undefined;
}

/** A program as the kernel is asked to load it. */
export type PreparedProgram = StructView<typeof attr_prog_load>;

/** Loads a program by BPF_PROG_LOAD: its descriptor, or -errno. */
export function loadProgram(kernel: Kernel, request: ProgramRequest): number {
  return loadPrepared(kernel, prepareProgram(request));
}

/** For a program that is loaded many times, its code changed in between: what `loadPrepared` takes. */
export function prepareProgram(request: ProgramRequest): PreparedProgram {
  const attr = structView(attr_prog_load);
  const license = cString(request.license ?? 'GPL');
  attr.set('prog_type', request.type ?? bpf_prog_type.BPF_PROG_TYPE_SOCKET_FILTER);
  attr.set('insn_cnt', request.code.length / 8);
  attr.point('insns', request.code);
  attr.point('license', license);
  attr.set('log_level', request.logLevel ?? 0);
  if (request.log) {
    attr.set('log_size', request.log.length);
    attr.receive('log_buf', request.log);
  }
  attr.set('kern_version', request.kernelVersion ?? 0);
  attr.set('prog_flags', request.flags ?? 0);
  attr.setText('prog_name', request.name ?? '');
  attr.set('prog_ifindex', request.ifindex ?? 0);
  attr.set('expected_attach_type', request.expectedAttachType ?? 0);
  attr.set('prog_btf_fd', request.btfFd ?? 0);
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
  attr.set('attach_btf_id', request.attachBtfId ?? 0);
  attr.set('attach_prog_fd', request.attachFd ?? 0);
  if (request.fdArray) attr.point('fd_array', request.fdArray);
  if (request.signature) {
    attr.set('fd_array_cnt', (request.fdArray?.length ?? 0) / 4);
    attr.point('signature', request.signature.bytes);
    attr.set('signature_size', request.signature.bytes.length);
    attr.set('keyring_id', request.signature.keyring);
  }
  // The kernel would write back only how long its log was.
  attr.isOnlyRead = true;
  return attr;
}

/** As `loadProgram`. The kernel reads the code and writes the log of the request it was prepared from. */
export function loadPrepared(kernel: Kernel, attr: PreparedProgram): number {
  let result = 0;
  // The verifier asks for another attempt when a signal interrupted it.
  for (let attempts = 0; attempts < 5; attempts++) {
    result = kernel.bpf(bpf_cmd.BPF_PROG_LOAD, attr);
    if (result !== -Errno.EAGAIN) break;
  }
  return result;
}

/** Keeps a map as long as the program, though no instruction names it. Returns 0 or -errno. Since 5.10. */
export function bindMap(kernel: Kernel, programFd: number, mapFd: number): number {
  const attr = structView(attr_prog_bind_map);
  attr.set('prog_fd', programFd);
  attr.set('map_fd', mapFd);
  return kernel.bpf(bpf_cmd.BPF_PROG_BIND_MAP, attr);
}

/** Id of the BTF of the program of `fd`, 0 if it has none, or the negative errno. */
export function programBtfId(kernel: Kernel, fd: number): number {
  const info = structView(bpf_prog_info);
  const result = tryInfo(kernel, fd, info);
  return result < 0 ? result : info.u32('btf_id');
}

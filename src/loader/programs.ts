import { cstr } from '../bytes/index.ts';
import { VerifierError } from '../errors/index.ts';
import {
  type DiagnosticLog,
  errorText,
  failure,
  type LinkedProgram,
  ObjectError,
  type ObjectSpec,
  type ProgramSpec,
} from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_attach_type, bpf_prog_type } from '../uapi/index.ts';
import { bindMap, loadProgram, type ProgramRequest } from './calls.ts';
import { type Features, programRequest } from './features.ts';
import { attachPrefix, type KernelBtf } from './kernel-btf.ts';
import type { LoadedMap } from './maps.ts';
import { hintAtMemoryLimit } from './permission.ts';
import { ProgramRefused } from './refused.ts';
import { explainPoison } from './verifier-log.ts';

export interface ProgramContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  readonly features: Features;
  readonly kernelBtf: KernelBtf;
  readonly spec: ObjectSpec;
  readonly maps: readonly (LoadedMap | undefined)[];
  readonly btfFd: number;
  readonly kernelVersion: number;
  /** Fds of module BTF for calls of their functions; entry 0 is unused. */
  readonly fdArray: Uint8Array | undefined;
  /** Verifier log level wanted from the start; 0 asks for a log only after a failure. */
  readonly logLevel: number;
  /** For struct_ops programs: the kernel type and member they implement. */
  readonly structOps: ReadonlyMap<ProgramSpec, { typeId: number; member: number; moduleFd: number }>;
  /** A function of a live program that programs on functions attach to. */
  readonly attachTarget: { readonly fd: number; readonly typeId: number } | undefined;
}

const flagSleepable = 1 << 4;
const flagXdpHasFrags = 1 << 5;
const firstLogSize = 0xffffff;
const enospc = 28;
// Helpers that read kernel or user memory, and what old kernels have instead.
const probeRead: Readonly<Record<number, number>> = { 112: 4, 113: 4, 114: 45, 115: 45 };

/** Loads one linked, relocated program; returns its fd. VerifierError with the log when the kernel refuses it. */
export function loadOne(context: ProgramContext, linked: LinkedProgram): number {
  const { log } = context;
  const { program } = linked;
  try {
    return tryLoad(context, linked);
  } catch (error) {
    if (error instanceof VerifierError || error instanceof ObjectError) {
      log('warn', `prog '${program.name}': failed to load: ${errorText(error.errno)}`);
    }
    throw error;
  }
}

function tryLoad(context: ProgramContext, linked: LinkedProgram): number {
  const { kernel, log } = context;
  const { program } = linked;
  if (program.type === bpf_prog_type.BPF_PROG_TYPE_UNSPEC) {
    const text = `prog '${program.name}': missing BPF prog type, check ELF section name '${program.sectionName}'`;
    throw failure(log, 22, text);
  }
  if (program.type === bpf_prog_type.BPF_PROG_TYPE_STRUCT_OPS && !context.structOps.has(program)) {
    const text = `prog '${program.name}': SEC("struct_ops") program isn't referenced anywhere, did you forget to use it?`;
    throw failure(log, 22, text);
  }
  replaceMissingHelpers(context.features, linked);
  let request: ProgramRequest;
  try {
    request = prepare(context, linked);
  } catch (error) {
    const errno = (error as { errno?: number }).errno ?? 22;
    log('warn', `prog '${program.name}': failed to prepare load attributes: ${errorText(errno)}`);
    throw error;
  }
  let logLevel = context.logLevel;
  let logBytes: Uint8Array | undefined;
  let result: number;
  for (let logSize = firstLogSize; ; ) {
    if (logLevel > 0) logBytes = new Uint8Array(logSize);
    result = loadProgram(kernel, { ...request, logLevel, log: logBytes });
    if (result === -7 && request.name !== '' && !context.features.has('progName')) {
      request = { ...request, name: '' };
      continue;
    }
    if (result >= 0) break;
    if (logLevel === 0) {
      logLevel = 1;
      continue;
    }
    if (result === -enospc && logSize <= 0x7fffffff) {
      logSize *= 2;
      continue;
    }
    throw refused(context, linked, { errno: -result, text: logBytes ? cstr(logBytes) : '' });
  }
  if (logBytes) {
    const text = cstr(logBytes);
    log('debug', `prog '${program.name}': -- BEGIN PROG LOAD LOG --\n${text}-- END PROG LOAD LOG --`);
  }
  bindReadOnlyData(context, program, result);
  return result;
}

function refused(
  context: ProgramContext,
  linked: LinkedProgram,
  reason: { errno: number; text: string },
): ProgramRefused {
  const { program } = linked;
  const text = explainPoison(reason.text, context.spec, linked);
  const message = `prog '${program.name}': BPF program load failed: ${errorText(reason.errno)}`;
  context.log('warn', message);
  hintAtMemoryLimit(context.kernel, context.log, reason.errno);
  if (text !== '') {
    context.log('warn', `prog '${program.name}': -- BEGIN PROG LOAD LOG --\n${text}-- END PROG LOAD LOG --`);
  }
  return new ProgramRefused(message, context.spec, linked, { errno: reason.errno, log: text });
}

function replaceMissingHelpers(features: Features, { code }: LinkedProgram): void {
  for (let index = 0; index < code.count; index++) {
    if (!code.isHelperCall(index)) continue;
    const instead = probeRead[code.immediate(index)];
    if (instead !== undefined && !features.has('probeReadKernel')) code.setImmediate(index, instead);
  }
}

function prepare(context: ProgramContext, linked: LinkedProgram): ProgramRequest {
  const { features } = context;
  const { program, code } = linked;
  const { section } = program;
  let flags = program.flags;
  let expectedAttachType = program.expectedAttachType;
  if (section) {
    if (section.optionalAttachType && expectedAttachType !== 0 && !features.has('expectedAttachType')) {
      expectedAttachType = 0;
    }
    if (section.sleepable) flags |= flagSleepable;
    if (section.xdpFrags && program.type === bpf_prog_type.BPF_PROG_TYPE_XDP) flags |= flagXdpHasFrags;
    if (section.usdt && features.has('uprobeMulti')) expectedAttachType = bpf_attach_type.BPF_TRACE_UPROBE_MULTI;
  }
  const target = attachTarget(context, program);
  return programRequest({
    type: program.type,
    name: program.name,
    code: code.bytes,
    license: context.spec.license,
    kernelVersion: context.kernelVersion,
    expectedAttachType: context.structOps.get(program)?.member ?? expectedAttachType,
    flags,
    ifindex: program.ifindex,
    btfFd: context.btfFd,
    funcInfo: context.btfFd > 0 ? linked.funcInfo : undefined,
    lineInfo: context.btfFd > 0 ? linked.lineInfo : undefined,
    attachBtfId: target.id,
    attachFd: target.fd,
    fdArray: context.fdArray,
  });
}

function attachTarget(context: ProgramContext, program: ProgramSpec): { id: number; fd: number } {
  const { log } = context;
  const structOps = context.structOps.get(program);
  if (structOps) return { id: structOps.typeId, fd: structOps.moduleFd };
  if (!program.section?.attachBtf) return { id: 0, fd: 0 };
  if (context.attachTarget) return { id: context.attachTarget.typeId, fd: context.attachTarget.fd };
  const bad = (errno: number, text: string) => failure(log, errno, `prog '${program.name}': ${text}`);
  const slash = program.sectionName.indexOf('/');
  if (slash < 0) {
    throw bad(22, 'no BTF-based attach target is specified, use bpf_program__set_attach_target()');
  }
  const target = program.sectionName.slice(slash + 1);
  if (program.type === bpf_prog_type.BPF_PROG_TYPE_EXT) throw bad(22, 'attach program FD is not set');
  const prefix = attachPrefix(prefixKind(program.expectedAttachType));
  const found = context.kernelBtf.findAttachTarget(target, prefix);
  if (!found) throw bad(3, `failed to find kernel BTF type ID of '${target}': ${errorText(3)}`);
  return found;
}

function prefixKind(attachType: number): 'rawTp' | 'lsm' | 'iter' | 'function' {
  switch (attachType) {
    case bpf_attach_type.BPF_TRACE_RAW_TP:
      return 'rawTp';
    case bpf_attach_type.BPF_LSM_MAC:
    case bpf_attach_type.BPF_LSM_CGROUP:
      return 'lsm';
    case bpf_attach_type.BPF_TRACE_ITER:
      return 'iter';
    default:
      return 'function';
  }
}

/** Read-only data stays reachable from the program even where no instruction refers to it. Fails on old kernels only. */
function bindReadOnlyData(context: ProgramContext, program: ProgramSpec, fd: number): void {
  for (const map of context.maps) {
    if (map?.spec.origin !== 'rodata') continue;
    const result = bindMap(context.kernel, fd, map.fd);
    // Kernels before 5.10 have no such command.
    if (result >= 0 || result === -22) continue;
    const name = map.spec.sectionName ?? map.name;
    context.log('warn', `prog '${program.name}': failed to bind map '${name}': ${errorText(result)}`);
  }
}

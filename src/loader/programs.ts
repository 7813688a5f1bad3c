import { cstr } from '../bytes/index.ts';
import { Errno, errnoOf, VerifierError } from '../errors/index.ts';
import {
  coreRecords,
  type DiagnosticLog,
  errorText,
  failure,
  type InfoRecords,
  type LinkedProgram,
  ObjectError,
  type ObjectSpec,
  type ProgramSpec,
  programFlags,
  sectionHandling,
} from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_attach_type, bpf_prog_type } from '../uapi/index.ts';
import { bindMap, loadProgram, type ProgramRequest } from '../bpf/index.ts';
import type { Features } from './features.ts';
import type { KernelBtf } from './kernel-btf.ts';
import type { MadeMap } from './loaded-map.ts';
import { hintAtMemoryLimit } from './permission.ts';
import { ProgramRefused } from './refused.ts';
import { attachTarget, type TargetProgram } from './target.ts';
import { explainPoison } from './verifier-log.ts';

export interface ProgramContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  readonly features: Features;
  readonly kernelBtf: KernelBtf;
  readonly spec: ObjectSpec;
  readonly maps: readonly (MadeMap | undefined)[];
  readonly btfFd: number;
  readonly kernelVersion: number;
  /** Fds of module BTF for calls of their functions; entry 0 is unused. */
  readonly fdArray: Uint8Array | undefined;
  /** Verifier log level asked for from the start; 0 asks for a log only after a failure. */
  readonly logLevel: number;
  /** Levels of single programs, by name. */
  readonly logLevels: ReadonlyMap<string, number>;
  /** For struct_ops programs: the kernel type and member they implement. */
  readonly structOps: ReadonlyMap<ProgramSpec, { typeId: number; member: number; moduleFd: number }>;
  /** By name, programs that functions of other programs are the targets of. */
  readonly targets: ReadonlyMap<string, TargetProgram>;
  /** Type relocations are left to the kernel; a refusal is for the caller to see to. */
  readonly relocatedByKernel: boolean;
}

/** Bytes: the most that kernels before 5.2 take. */
const firstLogSize = 0xffffff;
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
    throw failure(log, Errno.EINVAL, text);
  }
  if (program.type === bpf_prog_type.BPF_PROG_TYPE_STRUCT_OPS && !context.structOps.has(program)) {
    const text = `prog '${program.name}': SEC("struct_ops") program isn't referenced anywhere, did you forget to use it?`;
    throw failure(log, Errno.EINVAL, text);
  }
  replaceMissingHelpers(context.features, linked);
  let request: ProgramRequest;
  try {
    request = prepare(context, linked);
  } catch (error) {
    const errno = errnoOf(error, Errno.EINVAL);
    log('warn', `prog '${program.name}': failed to prepare load attributes: ${errorText(errno)}`);
    throw error;
  }
  let logLevel = context.logLevels.get(program.name) ?? context.logLevel;
  let logBytes: Uint8Array | undefined;
  let result: number;
  for (let logSize = firstLogSize; ; ) {
    if (logLevel > 0) logBytes = new Uint8Array(logSize);
    result = loadProgram(kernel, { ...request, logLevel, log: logBytes });
    // Before 4.15 the attribute had no name, and bytes behind what a kernel knows must be 0.
    if (result === -Errno.E2BIG && request.name !== '' && !context.features.has('progName')) {
      request = { ...request, name: '' };
      continue;
    }
    if (result >= 0) break;
    if (context.relocatedByKernel) throw new ObjectError('the kernel refuses to relocate', -result);
    // A log costs time, so that it is asked for only after a failure.
    if (logLevel === 0) {
      logLevel = 1;
      continue;
    }
    // The log did not fit into the buffer.
    if (result === -Errno.ENOSPC && logSize <= 0x7fffffff) {
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
  return new ProgramRefused(context.spec, linked, { errno: reason.errno, log: text });
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
  const section = sectionHandling(program);
  const flags = programFlags(program);
  let expectedAttachType = program.expectedAttachType;
  if (section) {
    // Older kernels demand zeros in place of what they do not know.
    if (section.optionalAttachType && expectedAttachType !== 0 && !features.has('expectedAttachType')) {
      expectedAttachType = 0;
    }
    if (section.usdt && features.has('uprobeMulti')) expectedAttachType = bpf_attach_type.BPF_TRACE_UPROBE_MULTI;
  }
  const structOps = context.structOps.get(program);
  // For struct_ops `attach_btf_id` is the struct and `expected_attach_type` the number of the member.
  const target = structOps ? { id: structOps.typeId, fd: structOps.moduleFd } : attachTarget(context, program);
  return {
    type: program.type,
    name: program.name,
    code: code.bytes,
    license: context.spec.license,
    kernelVersion: context.kernelVersion,
    expectedAttachType: structOps?.member ?? expectedAttachType,
    flags,
    ifindex: program.ifindex,
    btfFd: context.btfFd,
    funcInfo: context.btfFd > 0 ? linked.funcInfo : undefined,
    lineInfo: context.btfFd > 0 ? linked.lineInfo : undefined,
    coreRelocations: context.relocatedByKernel ? recordsFor(context, linked) : undefined,
    attachBtfId: target.id,
    attachFd: target.fd,
    fdArray: context.fdArray,
  };
}

/** Type relocations for the kernel. Without records of functions or lines it would not look at them. */
function recordsFor({ btfFd, spec }: ProgramContext, linked: LinkedProgram): InfoRecords | undefined {
  const records = coreRecords(linked, spec.littleEndian);
  if (records.bytes.length === 0) return undefined;
  if (btfFd <= 0 || (!linked.funcInfo && !linked.lineInfo))
    throw new ObjectError('no BTF to relocate by', Errno.EINVAL);
  return records;
}

/** Read-only data stays reachable from the program even where no instruction refers to it. Fails on old kernels only. */
function bindReadOnlyData(context: ProgramContext, program: ProgramSpec, fd: number): void {
  for (const map of context.maps) {
    if (map?.spec.origin !== 'rodata') continue;
    const result = bindMap(context.kernel, fd, map.fd);
    // Kernels before 5.10 have no such command.
    if (result >= 0 || result === -Errno.EINVAL) continue;
    const name = map.spec.sectionName ?? map.name;
    context.log('warn', `prog '${program.name}': failed to bind map '${name}': ${errorText(result)}`);
  }
}

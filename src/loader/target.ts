import { Errno, errnoOf, UsageError } from '../errors/index.ts';
import { fdKind, loadBtfById } from '../kernel/index.ts';
import {
  type DiagnosticLog,
  errorText,
  failure,
  isTracingMulti,
  ObjectError,
  type ObjectSpec,
  type ProgramSpec,
  sectionHandling,
  targetSpelling,
} from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_prog_type } from '../uapi/index.ts';
import { programBtfId } from '../bpf/index.ts';
import type { KernelBtf } from './kernel-btf.ts';

/** A loaded program that others replace a function of (freplace) or trace (fentry, fexit). It stays the caller's. */
export interface TargetProgram {
  /** Its descriptor, or what holds one: a LoadedProgram, a BpfProgram. */
  readonly program: number | { readonly fd: number | { readonly number: number } };
  /** The function in the program's BTF; unless given, the one that the section's name names. */
  readonly function?: string;
  /** The function by its id in the program's BTF, instead of its name. */
  readonly typeId?: number;
}

/** BTF_FUNC_STATIC */
const staticLinkage = 0;

/** Why a function of a program is no target. */
export type TargetFault = 'no program' | 'no BTF' | 'no such function' | 'static function';

/** A function of another program that cannot be replaced or traced. `errno` is the number libbpf would return. */
export class TargetError extends ObjectError {
  readonly problem: TargetFault;
  /** Name of the function that was asked for. */
  readonly function: string;

  constructor(problem: TargetFault, name: string, message: string, errno: number, options?: { cause?: unknown }) {
    super(message, errno, options);
    this.problem = problem;
    this.function = name;
  }
}

/** UsageError for a target of a program that the object does not have, or whose kind has none. */
export function checkTargets(spec: ObjectSpec, targets: ReadonlyMap<string, TargetProgram>): void {
  for (const name of targets.keys()) {
    const program = spec.programs.find((candidate) => !candidate.subprogram && candidate.name === name);
    if (program === undefined) throw new UsageError(`object '${spec.name}' has no program '${name}'`);
    const { type } = program;
    const hasKind = type === bpf_prog_type.BPF_PROG_TYPE_EXT || type === bpf_prog_type.BPF_PROG_TYPE_TRACING;
    if (hasKind && sectionHandling(program)?.attachBtf) continue;
    throw new UsageError(`program '${name}' (section '${program.sectionName}') has no target`);
  }
}

/** The descriptor of the program that is replaced or traced. */
export function targetFd({ program }: TargetProgram): number {
  if (typeof program === 'number') return program;
  return typeof program.fd === 'number' ? program.fd : program.fd.number;
}

/**
 * BTF id of a function of a program. TargetError, after libbpf's warnings, if there is none of that name, or if it is to
 * be replaced and static: the kernel verifies only global functions on their own.
 */
export function findProgramFunction(
  { kernel, log }: { readonly kernel: Kernel; readonly log?: DiagnosticLog | undefined },
  { fd, name, isReplaced }: { readonly fd: number; readonly name: string; readonly isReplaced: boolean },
): number {
  const bad = (problem: TargetFault, errno: number, text: string, cause?: unknown) => {
    log?.('warn', text);
    return new TargetError(problem, name, text, errno, cause === undefined ? {} : { cause });
  };
  const btfId = programBtfId(kernel, fd);
  if (btfId < 0) {
    throw bad('no program', -btfId, `failed bpf_prog_get_info_by_fd for FD ${fd}: ${errorText(btfId)}`);
  }
  if (fdKind(kernel, fd) !== 'prog') throw bad('no program', Errno.EINVAL, `FD ${fd} is not a BPF program`);
  if (btfId === 0) throw bad('no BTF', Errno.EINVAL, "The target program doesn't have BTF");
  let found: ReturnType<ReturnType<typeof loadBtfById>['findByName']>;
  try {
    found = loadBtfById(kernel, btfId).findByName(name, 'func');
  } catch (cause) {
    const errno = errnoOf(cause, Errno.EINVAL);
    throw bad('no BTF', errno, `Failed to get BTF ${btfId} of the program: ${errorText(errno)}`, cause);
  }
  if (found?.kind !== 'func') throw bad('no such function', Errno.ENOENT, `${name} is not found in prog's BTF`);
  if (isReplaced && found.linkage === staticLinkage) {
    throw bad('static function', Errno.EINVAL, `${name}() is not a global function`);
  }
  return found.id;
}

interface TargetContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  readonly kernelBtf: KernelBtf;
  /** By name of the program that is loaded. */
  readonly targets: ReadonlyMap<string, TargetProgram>;
}

/** What a program is loaded for, by its section's name and what the caller said: a BTF id, and the descriptor it is of. */
export function attachTarget(context: TargetContext, program: ProgramSpec): { id: number; fd: number } {
  const section = sectionHandling(program);
  if (section === undefined) return { id: 0, fd: 0 };
  const target = section.attachBtf ? functionTarget(context, program) : { id: 0, fd: 0 };
  return isTracingMulti(program.expectedAttachType) ? { ...target, fd: multiTargetFd(context, program) } : target;
}

function functionTarget(context: TargetContext, program: ProgramSpec): { id: number; fd: number } {
  const bad = (errno: number, text: string) => failure(context.log, errno, `prog '${program.name}': ${text}`);
  const given = context.targets.get(program.name);
  if (given?.typeId !== undefined) return { id: given.typeId, fd: targetFd(given) };
  const slash = program.sectionName.indexOf('/');
  const name = given?.function ?? (slash < 0 ? undefined : program.sectionName.slice(slash + 1));
  if (name === undefined) {
    throw bad(Errno.EINVAL, 'no BTF-based attach target is specified, use bpf_program__set_attach_target()');
  }
  if (given !== undefined) return programTarget(context, program, { fd: targetFd(given), name });
  if (program.type === bpf_prog_type.BPF_PROG_TYPE_EXT) throw bad(Errno.EINVAL, 'attach program FD is not set');
  const found = context.kernelBtf.findAttachTarget(name, targetSpelling(program.expectedAttachType));
  if (!found) throw bad(Errno.ESRCH, `failed to find kernel BTF type ID of '${name}': ${errorText(Errno.ESRCH)}`);
  return found;
}

function programTarget(
  context: TargetContext,
  program: ProgramSpec,
  { fd, name }: { fd: number; name: string },
): { id: number; fd: number } {
  try {
    const isReplaced = program.type === bpf_prog_type.BPF_PROG_TYPE_EXT;
    return { id: findProgramFunction(context, { fd, name, isReplaced }), fd };
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    const where = `failed to find BPF program (FD ${fd}) BTF ID for '${name}'`;
    context.log('warn', `prog '${program.name}': ${where}: ${errorText(error.errno)}`);
    throw error;
  }
}

/** Of the module that the section's name names, as in `fentry.multi/module:function`; 0 for the kernel itself. */
function multiTargetFd({ kernelBtf }: TargetContext, program: ProgramSpec): number {
  const slash = program.sectionName.indexOf('/');
  const target = slash < 0 ? '' : program.sectionName.slice(slash + 1);
  const colon = target.indexOf(':');
  if (colon < 0) return 0;
  const module = kernelBtf.modules.find(({ name }) => name === target.slice(0, colon));
  if (module !== undefined) return module.fd;
  throw new ObjectError(`prog '${program.name}': there is no module '${target.slice(0, colon)}'`, Errno.EINVAL);
}

import { RecordView } from '../btf/index.ts';
import { type ByteSource, sourceOf } from '../bytes/index.ts';
import { btfOf, type FileBtf } from '../elf/index.ts';
import { Errno, errnoOf } from '../errors/index.ts';
import {
  applyCoreRelocations,
  type DiagnosticLog,
  errorText,
  failure,
  ObjectError,
  type ObjectSpec,
  type ProgramSpec,
} from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_prog_type } from '../uapi/index.ts';
import type { KernelBtf } from './kernel-btf.ts';

/**
 * Whether loading asks the types of the running kernel. `targets`: programs, by name, whose target is another program;
 * `relocatesTypes`: CO-RE relocations are applied against the kernel's types, and here.
 */
export function needsKernelBtf(
  spec: ObjectSpec,
  { targets, relocatesTypes }: { targets: ReadonlyMap<string, unknown>; relocatesTypes: boolean },
): boolean {
  if (relocatesTypes && spec.programs.some((program) => program.coreRelocations.length > 0)) return true;
  if (spec.externs.some((extern) => extern.kind === 'ksym' && extern.symbolTypeId !== 0)) return true;
  if (spec.maps.some((map) => map.structOps !== undefined)) return true;
  return spec.programs.some(
    ({ autoload, name, type }) =>
      autoload &&
      (type === bpf_prog_type.BPF_PROG_TYPE_STRUCT_OPS ||
        type === bpf_prog_type.BPF_PROG_TYPE_LSM ||
        (type === bpf_prog_type.BPF_PROG_TYPE_TRACING && !targets.has(name))),
  );
}

interface TypesContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  readonly kernelBtf: KernelBtf;
  /** A path or the bytes of a file with the types to relocate against, instead of the running kernel's. */
  readonly targetBtf: string | Uint8Array | undefined;
}

/** CO-RE: the code of programs with type relocations, adjusted to the target's types. ObjectError, after a warning, where it fails. */
export function relocateTypes(context: TypesContext, spec: ObjectSpec): Map<ProgramSpec, Uint8Array> {
  const { log, kernelBtf, targetBtf } = context;
  const programs = spec.programs.filter((program) => program.autoload && program.coreRelocations.length > 0);
  const sections = spec.typeRelocationSections;
  const isTold = log.tellsAll && sections.length > 0;
  if (!spec.btf || (programs.length === 0 && !isTold)) return new Map();
  try {
    const target = targetBtf === undefined ? undefined : readTarget(context, targetBtf);
    const targets = {
      main: target ?? kernelBtf.vmlinux,
      modules: () => (target ? [] : kernelBtf.modules.map((module) => module.btf)),
      nameOf: (btf: RecordView) => kernelBtf.modules.find((module) => module.btf === btf)?.name,
    };
    return applyCoreRelocations({ btf: spec.btf, programs, targets, sections, log });
  } catch (error) {
    log('warn', `failed to perform CO-RE relocations: ${errorText(errnoOf(error, Errno.EINVAL))}`);
    throw error;
  }
}

function readTarget(context: TypesContext, from: string | Uint8Array): RecordView {
  try {
    const { bytes, distilledBase, pointerSize } = targetBytes(context, from);
    const base = distilledBase && new RecordView(distilledBase);
    return new RecordView(bytes, { base, pointerSize });
  } catch (cause) {
    const found = errnoOf(cause, Errno.EINVAL);
    // A directory can be opened, but has nothing to read.
    const errno = found === Errno.EISDIR ? Errno.EIO : found;
    throw failure(context.log, errno, `failed to parse target BTF: ${errorText(errno)}`, { cause });
  }
}

function targetBytes({ kernel, log }: TypesContext, from: string | Uint8Array): FileBtf {
  if (typeof from !== 'string') return btfIn(log, sourceOf(from), '(bytes)');
  using file = kernel.openFile(from);
  return btfIn(log, file, from);
}

function btfIn(log: DiagnosticLog, source: ByteSource, path: string): FileBtf {
  const found = btfOf(source, path);
  if ('bytes' in found) return found;
  if (found.words !== '') throw failure(log, found.errno, found.words);
  throw new ObjectError('no .BTF section', found.errno);
}

import { errnoOf } from '../../errors/index.ts';
import type { RecordView } from '../../btf/index.ts';
import { Code } from '../code.ts';
import { type DiagnosticLog, errorText, tell } from '../failure.ts';
import type { ObjectSpec, ProgramSpec, TypeRelocation } from '../spec.ts';
import { patchInstruction } from './patch.ts';
import { formatPath, parsePath } from './path.ts';
import { type CoreTargets, Resolver } from './resolve.ts';
import type { CoreValue } from './value.ts';

export { typesAreCompatible, typesMatch } from './compatible.ts';
export { Core } from './kinds.ts';
export type { CoreTargets } from './resolve.ts';

export interface CoreRequest {
  /** BTF of the object. */
  readonly btf: RecordView;
  readonly programs: readonly ProgramSpec[];
  readonly targets: CoreTargets;
  /** The sections of relocations, that are reported. */
  readonly sections?: ObjectSpec['typeRelocationSections'];
  readonly log: DiagnosticLog;
}

/**
 * Adjusts programs, compiled against their own idea of the kernel's types, to the types of a target.
 * Returns the new code of each program. What the target lacks is poisoned, so that only reached code fails.
 * ObjectError, after libbpf's warnings, if a relocation is ambiguous or does not fit its instruction.
 */
export function applyCoreRelocations(request: CoreRequest): Map<ProgramSpec, Uint8Array> {
  const { log, sections = [] } = request;
  const resolver = new Resolver(request);
  const codes = new Map(request.programs.map((program) => [program, new Code(program.code)]));
  let reported = 0;
  const tellSections = (end: number) => {
    for (; reported < Math.min(end, sections.length); reported++) {
      const { name, count } = sections[reported]!;
      tell(log, () => `sec '${name}': found ${count} CO-RE relocations`);
    }
  };
  for (const { program, relocation } of inOrderOfFile(request.programs)) {
    if (relocation.sectionNumber !== undefined) tellSections(relocation.sectionNumber + 1);
    relocate(resolver, { program, relocation, code: codes.get(program)! }, log);
  }
  tellSections(sections.length);
  return new Map([...codes].map(([program, code]) => [program, code.bytes]));
}

function inOrderOfFile(programs: readonly ProgramSpec[]): { program: ProgramSpec; relocation: TypeRelocation }[] {
  const all = programs.flatMap((program) => program.coreRelocations.map((relocation) => ({ program, relocation })));
  // Sorting is stable: those of one section stand in the order of the file already.
  return all.sort((a, b) => (a.relocation.sectionNumber ?? 0) - (b.relocation.sectionNumber ?? 0));
}

function relocate(
  resolver: Resolver,
  { program, relocation, code }: { program: ProgramSpec; relocation: TypeRelocation; code: Code },
  log: DiagnosticLog,
): void {
  const at = `prog '${program.name}': relo #${relocation.number}:`;
  const { index, number } = relocation;
  let value: CoreValue;
  try {
    ({ value } = resolver.resolve(program, relocation));
  } catch (error) {
    log('warn', `${at} failed to relocate: ${errorText(errnoOf(error))}`);
    throw error;
  }
  try {
    patchInstruction(code, { program: program.name, number, index }, value, log);
  } catch (error) {
    log('warn', `${at} failed to patch insn #${index}: ${errorText(errnoOf(error))}`);
    throw error;
  }
}

/** A relocation as libbpf's diagnostics describe it. */
export function formatCoreRelocation(btf: RecordView, relocation: TypeRelocation): string {
  return formatPath(parsePath(btf, relocation));
}

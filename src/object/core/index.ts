import { Errno } from '../../errors/index.ts';
import { idsThatBegin, type RecordView } from '../../btf/index.ts';
import { Code } from '../code.ts';
import type { TypeRelocation } from '../spec.ts';
import { essentialName } from '../externs.ts';
import { type DiagnosticLog, errorText, failure, tell } from '../failure.ts';
import type { ObjectSpec, ProgramSpec } from '../spec.ts';
import { kindsAreCompatible, type TypeRef } from './compatible.ts';
import { Core } from './kinds.ts';
import { patchInstruction } from './patch.ts';
import { type AccessPath, formatPath, matchPath, parsePath, pathTo } from './path.ts';
import { type CoreValue, coreValue } from './value.ts';

export { typesAreCompatible, typesMatch } from './compatible.ts';
export { Core } from './kinds.ts';

/** Where candidate types are looked for: the modules only if the main BTF has none. */
export interface CoreTargets {
  readonly main: RecordView;
  readonly modules: () => readonly RecordView[];
  /** Name of one of the modules, for messages. */
  readonly nameOf?: (module: RecordView) => string | undefined;
}

export interface CoreRequest {
  /** BTF of the object. */
  readonly btf: RecordView;
  readonly programs: readonly ProgramSpec[];
  readonly targets: CoreTargets;
  /** The sections of relocations, to be told of. */
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
  let told = 0;
  const tellSections = (end: number) => {
    for (; told < Math.min(end, sections.length); told++) {
      const { name, count } = sections[told]!;
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
    value = resolver.resolve(program, relocation);
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

/** Characters of an access that libbpf has room for. */
const longestPath = 255;

function errnoOf(error: unknown): number {
  return (error as { errno?: number }).errno ?? 22;
}

class Resolver {
  readonly #request: CoreRequest;
  readonly #candidates = new Map<number, TypeRef[]>();
  readonly #values = new Map<string, CoreValue>();
  readonly #names = new Map<RecordView, Map<string, number[]>>();

  constructor(request: CoreRequest) {
    this.#request = request;
  }

  /** Objects ask for the same fields again and again: what was found without a word is remembered. */
  resolve(program: ProgramSpec, relocation: TypeRelocation): CoreValue {
    const { log } = this.#request;
    const key = `${relocation.typeId}:${relocation.kind}:${relocation.access}`;
    const known = this.#values.get(key);
    if (known) return known;
    let isSilent = true;
    const heard: DiagnosticLog = Object.assign(
      (...line: Parameters<DiagnosticLog>) => {
        isSilent = false;
        log(...line);
      },
      { tellsAll: log.tellsAll ?? false },
    );
    const value = this.#find(program, relocation, heard);
    if (isSilent) this.#values.set(key, value);
    return value;
  }

  #find(program: ProgramSpec, relocation: TypeRelocation, log: DiagnosticLog): CoreValue {
    const { btf } = this.#request;
    const { typeId, kind } = relocation;
    const bad = (errno: number, text: string, cause?: unknown) => {
      const message = `prog '${program.name}': relo #${relocation.number}: ${text}`;
      return failure(log, errno, message, cause === undefined ? undefined : { cause });
    };
    const name = btf.name(typeId);
    if (kind !== Core.TYPE_ID_LOCAL && btf.has(typeId) && name === '') {
      throw bad(Errno.EINVAL, `target candidate search failed for [${typeId}] ${btf.kindName(typeId)} : -22`);
    }
    const candidates = kind === Core.TYPE_ID_LOCAL || !btf.has(typeId) ? [] : this.#candidatesFor(typeId, name);
    let local: AccessPath;
    try {
      local = parsePath(btf, relocation, (text) => log('warn', `prog '${program.name}': ${text}`));
    } catch (error) {
      const type = `[${typeId}] ${btf.kindName(typeId)} ${name === '' ? '<anon>' : name}`;
      throw bad(Errno.EINVAL, `parsing ${type} + ${relocation.access} failed: ${-errnoOf(error)}`, error);
    }
    const place = `prog '${program.name}': relo #${relocation.number}:`;
    tell(log, () => `${place} ${formatPath(local).slice(0, longestPath)}`);
    if (kind === Core.TYPE_ID_LOCAL) return localTypeId(typeId);
    const slot = program.sectionOffset + relocation.index;
    const warn = (text: string) => log('warn', `prog '${program.name}': relo ${kind} at insn #${slot} ${text}`);
    let chosen: { path: AccessPath; value: CoreValue } | undefined;
    const fitting: TypeRef[] = [];
    for (const [number, candidate] of candidates.entries()) {
      const path = pathTo(candidate, kind);
      try {
        const isMatch = matchPath(local, path, (text) => log('warn', text));
        const word = isMatch ? 'matching' : 'non-matching';
        tell(log, () => `${place} ${word} candidate #${number} ${formatPath(path).slice(0, longestPath)}`);
        if (!isMatch) continue;
      } catch (error) {
        const errno = errnoOf(error);
        throw bad(errno, `error matching candidate #${number} ${formatPath(path)}: ${-errno}`, error);
      }
      const value = coreValue(local, path, warn);
      if (!chosen) {
        chosen = { path, value };
      } else if (path.bitOffset !== chosen.path.bitOffset) {
        throw bad(Errno.EINVAL, `field offset ambiguity: ${path.bitOffset} != ${chosen.path.bitOffset}`);
      } else if (value.poison !== chosen.value.poison || value.replacement !== chosen.value.replacement) {
        const word = (one: CoreValue) => `${one.poison ? 'failure' : 'success'} ${one.replacement}`;
        throw bad(Errno.EINVAL, `relocation decision ambiguity: ${word(value)} != ${word(chosen.value)}`);
      }
      fitting.push(candidate);
    }
    // Candidates that did not fit once are not looked at again for this type.
    if (fitting.length > 0) this.#candidates.set(typeId, fitting);
    if (chosen) return chosen.value;
    tell(log, () => `${place} no matching targets found`);
    return coreValue(local, undefined, warn);
  }

  #candidatesFor(typeId: number, name: string): readonly TypeRef[] {
    const known = this.#candidates.get(typeId);
    if (known) return known;
    const { targets } = this.#request;
    const wanted = essentialName(name);
    let found = this.#search(targets.main, typeId, wanted);
    if (found.length === 0) {
      found = targets.modules().flatMap((module) => this.#search(module, typeId, wanted));
    }
    const { btf, log } = this.#request;
    for (const { btf: target, id } of found) {
      const where = target === targets.main ? 'vmlinux' : (targets.nameOf?.(target) ?? '');
      const candidate = `[${id}] ${target.kindName(id)} ${target.name(id)} in [${where}]`;
      tell(
        log,
        () => `CO-RE relocating [${typeId}] ${btf.kindName(typeId)} ${name}: found target candidate ${candidate}`,
      );
    }
    this.#candidates.set(typeId, found);
    return found;
  }

  #search(target: RecordView, typeId: number, wanted: string): TypeRef[] {
    const kind = this.#request.btf.kind(typeId);
    return (this.#namesOf(target).get(wanted) ?? [])
      .filter((id) => kindsAreCompatible(target.kind(id), kind))
      .map((id) => ({ btf: target, id }));
  }

  /** Types of a target by name, flavours aside: of all names that relocations mention, found by one look at all types. */
  #namesOf(target: RecordView): Map<string, number[]> {
    const known = this.#names.get(target);
    if (known) return known;
    const { btf, programs } = this.#request;
    const names = new Map<string, number[]>();
    const typeIds = new Set(programs.flatMap((program) => program.coreRelocations.map(({ typeId }) => typeId)));
    for (const id of typeIds) if (btf.has(id)) names.set(essentialName(btf.name(id)), []);
    names.delete('');
    for (const id of idsThatBegin(target, [...names.keys()])) names.get(essentialName(target.name(id)))?.push(id);
    this.#names.set(target, names);
    return names;
  }
}

/** The linker may have renumbered types, so what the instruction holds is not checked. */
function localTypeId(typeId: number): CoreValue {
  const id = BigInt(typeId);
  return {
    original: id,
    replacement: id,
    poison: false,
    validate: false,
    originalSize: 0,
    replacementSize: 0,
    badSize: false,
  };
}

import { idsThatBegin, type RecordView } from '../../btf/index.ts';
import { Code } from '../code.ts';
import type { TypeRelocation } from '../spec.ts';
import { essentialName } from '../externs.ts';
import { type DiagnosticLog, errorText, failure } from '../failure.ts';
import type { ProgramSpec } from '../spec.ts';
import { kindsAreCompatible, type TypeRef } from './compatible.ts';
import { Core, coreKindName } from './kinds.ts';
import { patchInstruction } from './patch.ts';
import { type AccessPath, formatPath, matchPath, parsePath, pathTo } from './path.ts';
import { type CoreValue, coreValue } from './value.ts';

export { typesAreCompatible, typesMatch } from './compatible.ts';
export { Core } from './kinds.ts';

/** Where candidate types are looked for: the modules only if the main BTF has none. */
export interface CoreTargets {
  readonly main: RecordView;
  readonly modules: () => readonly RecordView[];
}

export interface CoreRequest {
  /** BTF of the object. */
  readonly btf: RecordView;
  readonly programs: readonly ProgramSpec[];
  readonly targets: CoreTargets;
  readonly log: DiagnosticLog;
}

/**
 * Adjusts programs, compiled against their own idea of the kernel's types, to the types of a target.
 * Returns the new code of each program. What the target lacks is poisoned, so that only reached code fails.
 * ObjectError, after libbpf's warnings, if a relocation is ambiguous or does not fit its instruction.
 */
export function applyCoreRelocations(request: CoreRequest): Map<ProgramSpec, Uint8Array> {
  const resolver = new Resolver(request);
  const codes = new Map<ProgramSpec, Uint8Array>();
  for (const program of request.programs) {
    const code = new Code(program.code);
    for (const relocation of program.coreRelocations) {
      const at = `prog '${program.name}': relo #${relocation.number}:`;
      const index = relocation.index;
      let value: CoreValue;
      try {
        value = resolver.resolve(program, relocation);
      } catch (error) {
        request.log('warn', `${at} failed to relocate: ${errorText(errnoOf(error))}`);
        throw error;
      }
      try {
        patchInstruction(code, { program: program.name, number: relocation.number, index }, value, request.log);
      } catch (error) {
        request.log('warn', `${at} failed to patch insn #${index}: ${errorText(errnoOf(error))}`);
        throw error;
      }
    }
    codes.set(program, code.bytes);
  }
  return codes;
}

/** A relocation as libbpf's diagnostics describe it. */
export function formatCoreRelocation(btf: RecordView, relocation: TypeRelocation): string {
  return formatPath(parsePath(btf, relocation));
}

function errnoOf(error: unknown): number {
  return (error as { errno?: number }).errno ?? 22;
}

class Resolver {
  readonly #request: CoreRequest;
  readonly #candidates = new Map<number, TypeRef[]>();
  readonly #names = new Map<RecordView, Map<string, number[]>>();

  constructor(request: CoreRequest) {
    this.#request = request;
  }

  resolve(program: ProgramSpec, relocation: TypeRelocation): CoreValue {
    const { btf, log } = this.#request;
    const { typeId, kind } = relocation;
    const bad = (errno: number, text: string, cause?: unknown) => {
      const message = `prog '${program.name}': relo #${relocation.number}: ${text}`;
      return failure(log, errno, message, cause === undefined ? undefined : { cause });
    };
    const name = btf.name(typeId);
    let local: AccessPath;
    try {
      local = parsePath(btf, relocation, (text) => log('warn', `prog '${program.name}': ${text}`));
    } catch (error) {
      const type = `[${typeId}] ${btf.kindName(typeId)} ${name === '' ? '<anon>' : name}`;
      throw bad(22, `parsing ${type} + ${relocation.access} failed: ${-errnoOf(error)}`, error);
    }
    if (kind === Core.TYPE_ID_LOCAL) return localTypeId(typeId);
    if (name === '') {
      throw bad(95, `<${coreKindName(kind)}> (${kind}) relocation doesn't support anonymous types`);
    }
    const slot = program.sectionOffset + relocation.index;
    const warn = (text: string) => log('warn', `prog '${program.name}': relo ${kind} at insn #${slot} ${text}`);
    let chosen: { path: AccessPath; value: CoreValue } | undefined;
    const fitting: TypeRef[] = [];
    for (const [number, candidate] of this.#candidatesFor(typeId, name).entries()) {
      const path = pathTo(candidate, kind);
      try {
        if (!matchPath(local, path, (text) => log('warn', text))) continue;
      } catch (error) {
        const errno = errnoOf(error);
        throw bad(errno, `error matching candidate #${number} ${formatPath(path)}: ${-errno}`, error);
      }
      const value = coreValue(local, path, warn);
      if (!chosen) {
        chosen = { path, value };
      } else if (path.bitOffset !== chosen.path.bitOffset) {
        throw bad(22, `field offset ambiguity: ${path.bitOffset} != ${chosen.path.bitOffset}`);
      } else if (value.poison !== chosen.value.poison || value.replacement !== chosen.value.replacement) {
        const word = (one: CoreValue) => `${one.poison ? 'failure' : 'success'} ${one.replacement}`;
        throw bad(22, `relocation decision ambiguity: ${word(value)} != ${word(chosen.value)}`);
      }
      fitting.push(candidate);
    }
    // Candidates that did not fit once are not looked at again for this type.
    if (fitting.length > 0) this.#candidates.set(typeId, fitting);
    return chosen ? chosen.value : coreValue(local, undefined, warn);
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

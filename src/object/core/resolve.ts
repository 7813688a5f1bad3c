// From one CO-RE relocation to what it means in a target: candidates by name, those that fit, and one answer that all
// of them share. Source: relo_core.c of libbpf, bpf_core_calc_relo_insn; libbpf.c, bpf_core_find_cands.
import { Errno, errnoOf } from '../../errors/index.ts';
import type { RecordView } from '../../btf/index.ts';
import type { ProgramSpec, TypeRelocation } from '../spec.ts';
import { essentialName } from '../externs.ts';
import { type DiagnosticLog, failure, tell } from '../failure.ts';
import { kindsAreCompatible, type TypeRef } from './compatible.ts';
import { Core, coreKindName } from './kinds.ts';
import { type AccessPath, formatPath, matchPath, parsePath, pathTo } from './path.ts';
import { TargetNames } from './target-names.ts';
import { type CoreValue, coreValue } from './value.ts';

/** Where candidate types are looked for: the modules only if the main BTF has none. */
export interface CoreTargets {
  readonly main: RecordView;
  readonly modules: () => readonly RecordView[];
  /** Name of one of the modules, for messages. */
  readonly nameOf?: (module: RecordView) => string | undefined;
}

/** Characters of an access that libbpf has room for. */
const longestPath = 255;

/** Code that type relocations are of, as diagnostics call it. */
export type RelocatedCode = Pick<ProgramSpec, 'name' | 'sectionOffset' | 'coreRelocations'>;

/** What a relocation finds in a target: its value, and the way to it, where the target has one. */
export interface CoreFinding {
  readonly value: CoreValue;
  readonly path: AccessPath | undefined;
}

export interface ResolverRequest {
  /** BTF of the object. */
  readonly btf: RecordView;
  readonly targets: CoreTargets;
  readonly log: DiagnosticLog;
  readonly programs: readonly RelocatedCode[];
  /** Types without a name are refused only when they are looked for, and not by the search for candidates. */
  readonly acceptsUnnamed?: boolean;
  /** What was found for other objects in the same targets. */
  readonly names?: TargetNames | undefined;
}

/** Finds what type relocations mean in a target. ObjectError, after libbpf's warnings, where they are ambiguous or damaged. */
export class Resolver {
  readonly #request: ResolverRequest;
  /** By type of the object. */
  readonly #candidates = new Map<number, TypeRef[]>();
  /** By type, kind and access of the relocation. */
  readonly #found = new Map<string, CoreFinding>();
  readonly #names: TargetNames;
  readonly #searched = new Map<RecordView, ReadonlyMap<string, readonly number[]>>();

  constructor(request: ResolverRequest) {
    this.#request = request;
    this.#names = request.names ?? new TargetNames();
  }

  /** Objects ask for the same fields again and again: what was found without a word is remembered. */
  resolve(program: RelocatedCode, relocation: TypeRelocation): CoreFinding {
    const { log } = this.#request;
    const key = `${relocation.typeId}:${relocation.kind}:${relocation.access}`;
    const known = this.#found.get(key);
    if (known) return known;
    let isSilent = true;
    const heard: DiagnosticLog = Object.assign(
      (...line: Parameters<DiagnosticLog>) => {
        isSilent = false;
        log(...line);
      },
      { tellsAll: log.tellsAll ?? false },
    );
    const found = this.#find(program, relocation, heard);
    if (isSilent) this.#found.set(key, found);
    return found;
  }

  #find(program: RelocatedCode, relocation: TypeRelocation, log: DiagnosticLog): CoreFinding {
    const { btf } = this.#request;
    const { typeId, kind } = relocation;
    const bad = (errno: number, text: string, cause?: unknown) => {
      const message = `prog '${program.name}': relo #${relocation.number}: ${text}`;
      return failure(log, errno, message, cause === undefined ? undefined : { cause });
    };
    const name = btf.name(typeId);
    const isUnnamed = kind !== Core.TYPE_ID_LOCAL && btf.has(typeId) && name === '';
    if (isUnnamed && !this.#request.acceptsUnnamed) {
      throw bad(Errno.EINVAL, `target candidate search failed for [${typeId}] ${btf.kindName(typeId)} : -22`);
    }
    // The id of a local type is known without a target.
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
    if (kind === Core.TYPE_ID_LOCAL) return { value: localTypeId(typeId), path: undefined };
    if (isUnnamed) {
      throw bad(Errno.EOPNOTSUPP, `<${coreKindName(kind)}> (${kind}) relocation doesn't support anonymous types`);
    }
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
        // Several types may have the name (BTF of the kernel has duplicates that differ elsewhere): all have to agree,
        // since nothing says which of them the program will meet.
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
    if (chosen) return chosen;
    tell(log, () => `${place} no matching targets found`);
    return { value: coreValue(local, undefined, warn), path: undefined };
  }

  #candidatesFor(typeId: number, name: string): readonly TypeRef[] {
    const known = this.#candidates.get(typeId);
    if (known) return known;
    const { targets } = this.#request;
    const essential = essentialName(name);
    let found = this.#search(targets.main, typeId, essential);
    // Types of modules count only where the kernel itself has none of the name, as in libbpf.
    if (found.length === 0) {
      found = targets.modules().flatMap((module) => this.#search(module, typeId, essential));
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

  #search(target: RecordView, typeId: number, essential: string): TypeRef[] {
    const kind = this.#request.btf.kind(typeId);
    return (this.#namesOf(target).get(essential) ?? [])
      .filter((id) => kindsAreCompatible(target.kind(id), kind))
      .map((id) => ({ btf: target, id }));
  }

  /** Types of a target by the names that relocations mention. */
  #namesOf(target: RecordView): ReadonlyMap<string, readonly number[]> {
    const known = this.#searched.get(target);
    if (known) return known;
    const { btf, programs } = this.#request;
    const typeIds = new Set(programs.flatMap((program) => program.coreRelocations.map(({ typeId }) => typeId)));
    const names = new Set<string>();
    for (const id of typeIds) if (btf.has(id)) names.add(essentialName(btf.name(id)));
    const found = this.#names.of(target, names);
    this.#searched.set(target, found);
    return found;
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

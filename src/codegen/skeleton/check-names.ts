import { Errno } from '../../errors/index.ts';
import { ObjectError } from '../../object/index.ts';
import { isStructOps, type SkeletonModel, shownVariables } from './model.ts';
import { isCIdentifier, variableIdentifier } from './names.ts';

/** Names of one struct's members: each must be C, and used once. */
interface Scope {
  readonly what: string;
  /** What is called so, and what it is called in C. */
  readonly names: readonly (readonly [name: string, identifier: string])[];
}

/**
 * Refuses an object whose skeleton no C compiler would take, since a name is none in C, or two become one:
 * ObjectError that says which. The object's own name is the caller's to check.
 */
export function checkCNames(model: SkeletonModel): void {
  for (const { what, names } of scopes(model)) {
    const seen = new Map<string, string>();
    for (const [name, identifier] of names) {
      if (!isCIdentifier(identifier)) throw bad(`${what} '${shown(name)}': its name is no identifier in C`);
      const other = seen.get(identifier);
      if (other !== undefined) {
        throw bad(`${what}s '${shown(other)}' and '${shown(name)}' would both be called '${identifier}'`);
      }
      seen.set(identifier, name);
    }
  }
}

function bad(text: string): ObjectError {
  return new ObjectError(`${text}, so there is no skeleton`, Errno.EINVAL);
}

function shown(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what may not reach a terminal
  return name.replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function* scopes(model: SkeletonModel): Generator<Scope> {
  const { maps, programs, btf } = model;
  const programNames = programs.map(({ name }) => [name, name] as const);
  yield { what: 'map', names: maps.map(({ spec, identifier }) => [spec.name, identifier]) };
  yield { what: 'program', names: programNames };
  const linked = maps.filter(isStructOps).map(({ identifier }) => [identifier, identifier] as const);
  yield { what: 'link', names: [...programNames, ...linked] };
  for (const { section } of maps) {
    if (section === undefined || btf === undefined) continue;
    const names = shownVariables(btf, section).map(({ name }) => [name, variableIdentifier(name)] as const);
    yield { what: `variable of section ${shown(section.name)}`, names };
  }
}

import { matchesGlob } from '../../bytes/index.ts';
import type { Btf } from '../parse.ts';
import type { BtfType } from '../types.ts';
import { BtfLookupError } from './lookup-error.ts';
import { nearestNames } from './near.ts';

/**
 * The types, the base's included, whose name matches: `*` is any text, `?` any one character; ascending ids.
 * Throws BtfLookupError where none does.
 */
export function findTypes(btf: Btf, pattern: string): BtfType[] {
  const isPattern = /[*?]/.test(pattern);
  const found: BtfType[] = [];
  for (let id = 1; id <= btf.typeCount; id++) {
    const offset = btf.graph.name(id);
    if (offset === 0) continue;
    const name = btf.str(offset);
    if (isPattern ? matchesGlob(name, pattern) : name === pattern) found.push(btf.mustType(id));
  }
  if (found.length > 0) return found;
  if (isPattern) throw new BtfLookupError(`no type matches '${pattern}'`, pattern, []);
  throw new BtfLookupError(`no type is called '${pattern}'`, pattern, nearestNames(pattern, typeNames(btf)));
}

/** Names of all types. */
export function* typeNames(btf: Btf): Generator<string> {
  for (let id = 1; id <= btf.typeCount; id++) {
    const offset = btf.graph.name(id);
    if (offset !== 0) yield btf.str(offset);
  }
}

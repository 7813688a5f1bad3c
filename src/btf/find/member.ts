import type { Btf } from '../parse.ts';
import { resolve, tryResolve, trySizeOf } from '../resolve.ts';
import type { BtfComposite, BtfMember, BtfType } from '../types.ts';
import { BtfLookupError } from './lookup-error.ts';
import { nearestNames } from './near.ts';
import { typeNames } from './types.ts';

/** One step of a member path: as far as it goes within one struct or union. */
export interface MemberPlace {
  /** As written, from the struct's name on: `task_struct.mm`. */
  readonly path: string;
  /** The struct or union the offset counts from. */
  readonly containerId: number;
  /** From the start of the container. */
  readonly bitOffset: number;
  /** Bits of the value; those of a bit-field are fewer than its type has. Undefined for what has no size. */
  readonly bitSize: number | undefined;
  readonly isBitField: boolean;
  /** The member's type as declared. */
  readonly typeId: number;
}

const maxNesting = 32;

/**
 * Where a member lies: `STRUCT.MEMBER.MEMBER…`, arrays with `[INDEX]`. Pointers are followed: each begins a new step, so
 * the last step is the member's place within the struct it is part of. Members of anonymous structs and unions are found
 * as in C. Throws BtfLookupError for names that do not exist, ParseError for damaged types.
 */
export function findMember(btf: Btf, path: string): MemberPlace[] {
  const [name = '', ...rest] = wordsOf(path);
  return placesWithin(btf, { name, typeId: containerNamed(btf, name).id }, rest);
}

/**
 * As `findMember`, from a type of any kind on; the first word of `path` is what that is called in errors and in the places'
 * paths.
 */
export function findMemberOf(btf: Btf, typeId: number, path: string): MemberPlace[] {
  const [name = '', ...rest] = wordsOf(path);
  return placesWithin(btf, { name, typeId }, rest);
}

function wordsOf(path: string): string[] {
  if (!/^[^.[\]]+(\.[^.[\]]+|\[[^\]]*\])*$/.test(path)) {
    throw new BtfLookupError(`'${path}' is no member path: expected STRUCT.MEMBER`, path, []);
  }
  return path.match(/[^.[\]]+|\[[^\]]*\]/g) ?? [];
}

function placesWithin(btf: Btf, start: { name: string; typeId: number }, rest: readonly string[]): MemberPlace[] {
  const places: MemberPlace[] = [];
  const size = trySizeOf(btf, start.typeId);
  let step: MemberPlace = {
    path: start.name,
    containerId: start.typeId,
    bitOffset: 0,
    bitSize: size === undefined ? undefined : size * 8,
    isBitField: false,
    typeId: start.typeId,
  };
  for (const word of rest) {
    const before = tryResolve(btf, step.typeId);
    if (before?.kind === 'ptr') {
      places.push(step);
      step = behind(btf, step, before.typeId);
    }
    step = word.startsWith('[') ? element(btf, step, word) : member(btf, step, word);
  }
  return [...places, step];
}

function containerNamed(btf: Btf, name: string): BtfComposite {
  const candidates: BtfType[] = [];
  for (let id = 1; id <= btf.typeCount; id++) {
    if (btf.graph.name(id) !== 0 && btf.str(btf.graph.name(id)) === name) candidates.push(btf.mustType(id));
  }
  const order = ['struct', 'union', 'typedef', 'var'];
  candidates.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  for (const candidate of candidates) {
    const type = order.includes(candidate.kind) ? tryResolve(btf, candidate.id) : undefined;
    if (type?.kind === 'struct' || type?.kind === 'union') return type;
  }
  if (candidates.length > 0) throw new BtfLookupError(`'${name}' is no struct or union`, name, []);
  throw new BtfLookupError(`no type is called '${name}'`, name, nearestNames(name, typeNames(btf)));
}

/** The start of what a pointer points at. */
function behind(btf: Btf, step: MemberPlace, targetId: number): MemberPlace {
  const target = tryResolve(btf, targetId);
  const size = target === undefined ? undefined : trySizeOf(btf, target.id);
  return {
    path: target !== undefined && target.name !== '' ? target.name : `(*${step.path})`,
    containerId: target?.id ?? targetId,
    bitOffset: 0,
    bitSize: size === undefined ? undefined : size * 8,
    isBitField: false,
    typeId: targetId,
  };
}

function element(btf: Btf, step: MemberPlace, word: string): MemberPlace {
  const path = `${step.path}${word}`;
  const index = Number(word.slice(1, -1));
  const array = tryResolve(btf, step.typeId);
  if (array?.kind !== 'array') throw new BtfLookupError(`'${step.path}' is no array`, path, []);
  // A flexible array says that it has no elements.
  if (!/^\[[0-9]+\]$/.test(word) || (array.length > 0 && index >= array.length)) {
    throw new BtfLookupError(`'${path}': expected an index below ${array.length}`, path, []);
  }
  const size = trySizeOf(btf, array.elementTypeId);
  if (size === undefined) throw new BtfLookupError(`'${path}' has no size`, path, []);
  const bitOffset = step.bitOffset + index * size * 8;
  return { ...step, path, bitOffset, bitSize: size * 8, isBitField: false, typeId: array.elementTypeId };
}

function member(btf: Btf, step: MemberPlace, name: string): MemberPlace {
  const path = `${step.path}.${name}`;
  const type = tryResolve(btf, step.typeId);
  if (type?.kind !== 'struct' && type?.kind !== 'union') {
    throw new BtfLookupError(`'${step.path}' is no struct or union`, path, []);
  }
  const found = search(btf, type, name, 0);
  if (found === undefined) {
    const suggestions = nearestNames(name, memberNames(btf, type, 0));
    throw new BtfLookupError(`'${step.path}' has no member '${name}'`, name, suggestions);
  }
  const size = trySizeOf(btf, found.member.typeId);
  const { bitSize, typeId } = found.member;
  return {
    ...step,
    path,
    bitOffset: step.bitOffset + found.bitOffset,
    bitSize: bitSize > 0 ? bitSize : size === undefined ? undefined : size * 8,
    isBitField: bitSize > 0,
    typeId,
  };
}

function search(
  btf: Btf,
  type: BtfComposite,
  name: string,
  nesting: number,
): { member: BtfMember; bitOffset: number } | undefined {
  for (const member of type.members) {
    if (member.name === name) return { member, bitOffset: member.bitOffset };
    const inner = nesting < maxNesting ? anonymous(btf, member) : undefined;
    const found = inner === undefined ? undefined : search(btf, inner, name, nesting + 1);
    if (found !== undefined) return { member: found.member, bitOffset: member.bitOffset + found.bitOffset };
  }
  return undefined;
}

function* memberNames(btf: Btf, type: BtfComposite, nesting: number): Generator<string> {
  for (const member of type.members) {
    yield member.name;
    const inner = nesting < maxNesting ? anonymous(btf, member) : undefined;
    if (inner !== undefined) yield* memberNames(btf, inner, nesting + 1);
  }
}

function anonymous(btf: Btf, member: BtfMember): BtfComposite | undefined {
  if (member.name !== '') return undefined;
  const inner = resolve(btf, member.typeId);
  return inner.kind === 'struct' || inner.kind === 'union' ? inner : undefined;
}

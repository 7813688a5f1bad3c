import { Kind } from '../btf/index.ts';
import { Errno } from '../errors/index.ts';
import { failure, ObjectError } from '../object/index.ts';
import type { GlobalSymbol } from './globals.ts';
import type { Output } from './output.ts';
import type { OutputSection, SourceSection } from './sections.ts';
import type { SourceTypes } from './source-types.ts';
import type { SourceObject } from './source-object.ts';
import { readable } from './strings.ts';
import { countAt, isNonStatic, kindAt, nameTextOf, resolveSize } from './type-records.ts';

const variableWords = 3;

/** Ids of an input's types among the linked ones, 0 for those left out; and the same for its strings. */
export interface TypeMap {
  readonly ids: Uint32Array;
  readonly mapString: (offset: number) => number;
}

/**
 * Appends all types but those of sections, whose variables are gathered until the end. Variables and functions that other
 * files know too are there once. Source: linker_append_btf of libbpf.
 */
export function appendTypes(output: Output, source: SourceObject, types: SourceTypes): TypeMap {
  const ids = chooseIds(output, types);
  const unknown = output.types.addAll(types, ids);
  if (unknown !== 0) {
    const text = `failed to find new ID mapping for original BTF type ID ${unknown}`;
    throw failure(output.log, Errno.EINVAL, text);
  }
  for (const global of output.globals) replaceUnderlying(output, global, ids);
  for (const section of source.sections.slice(1)) {
    if (section.typeId !== 0 && !section.skipped) appendVariables(output, section, { types, ids });
  }
  return { ids, mapString: (offset) => types.linkedString(offset, output.types.strings) };
}

/** The linked id of each type: one after the other for those that are to be appended, 0 for those that are left out. */
function chooseIds({ types: linked, globals }: Output, types: SourceTypes): Uint32Array {
  const { words, starts, typeCount } = types;
  const ids = new Uint32Array(typeCount + 1);
  let next = linked.typeCount + 1;
  let from = 1;
  for (const id of types.notable) {
    while (from < id) ids[from++] = next++;
    from = id + 1;
    if (kindAt(types, id) === Kind.datasec) continue;
    const at = starts[id]!;
    const global = globals.find(types.text(words[at]!));
    // Variables without a symbol are those of sections that are there once, such as `license`.
    if (global === undefined) continue;
    const isNew = global.typeId === 0;
    if (isNew) global.typeId = next++;
    if (isNew || global.underlyingId === 0) global.underlyingId = -words[at + 2]!;
    ids[id] = global.typeId;
  }
  while (from <= typeCount) ids[from++] = next++;
  return ids;
}

/** What a variable or function is of comes from the file that defines it. */
function replaceUnderlying({ types: linked }: Output, global: GlobalSymbol, ids: Uint32Array): void {
  if (global.underlyingId >= 0) return;
  global.underlyingId = ids[-global.underlyingId]!;
  linked.words[linked.starts[global.typeId]! + 2] = global.underlyingId;
}

function appendVariables(
  output: Output,
  section: SourceSection,
  { types, ids }: { types: SourceTypes; ids: Uint32Array },
): void {
  const { target } = section;
  // A section without variables has a type too: compilers make such of constants without a name.
  target.hasBtf = true;
  const start = types.starts[section.typeId]! + 3;
  for (let i = 0, at = start; i < countAt(types, section.typeId); i++, at += variableWords) {
    const [old, offset, size] = [types.words[at]!, types.words[at + 1]!, types.words[at + 2]!];
    const typeId = ids[old]!;
    const global = isNonStatic(output.types, typeId) ? globalOf(output, target, typeId) : undefined;
    if (global !== undefined && global.variable >= 0) {
      updateSize(output, target, global);
      continue;
    }
    if (global !== undefined) global.variable = target.variables.length;
    target.variables.push({ typeId, offset: (offset + section.targetOffset) % 2 ** 32, size });
  }
}

function globalOf({ types: linked, globals, log }: Output, target: OutputSection, typeId: number): GlobalSymbol {
  const name = nameTextOf(linked, typeId);
  const global = globals.find(name);
  if (global === undefined) throw new ObjectError(`global '${readable(name)}' has no symbol`, Errno.EINVAL);
  if (global.sectionId !== target.id) {
    const text = `global '${readable(name)}': section mismatch ${global.sectionId} vs ${target.id}`;
    throw failure(log, Errno.EINVAL, text);
  }
  return global;
}

/** What the variable is of may have been replaced, by something of another size. */
function updateSize({ types: linked, log }: Output, target: OutputSection, global: GlobalSymbol): void {
  if (kindAt(linked, global.typeId) === Kind.func) return;
  const size = resolveSize(linked, global.underlyingId);
  if (size < 0) {
    const name = readable(nameTextOf(linked, global.typeId));
    const text = `global '${name}': failed to resolve size of underlying type: ${size}`;
    throw failure(log, Errno.EINVAL, text);
  }
  const variable = target.variables[global.variable];
  if (variable === undefined) {
    // libbpf would write beyond its array: the number is that of the weak definition, which is in another section.
    const name = readable(nameTextOf(linked, global.typeId));
    throw new ObjectError(`global '${name}': its definitions are in different sections`, Errno.EINVAL);
  }
  variable.size = size;
}

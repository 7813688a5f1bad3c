import { Kind, type RecordView } from '../btf/index.ts';
import { Errno } from '../errors/index.ts';
import { failure, type MapDefinition, ObjectError, readMapDefinition } from '../object/index.ts';
import type { GlobalSymbol } from './globals.ts';
import { checkSameType, type TypeAt } from './match-types.ts';
import type { Output } from './output.ts';
import type { SourceTypes } from './source-types.ts';
import { kindAt, sizeOrTypeOf, skipModifiers } from './type-records.ts';

/** A symbol that is known, and what a file says of it. `name` as people read it. */
export interface SymbolPair {
  readonly output: Output;
  readonly types: SourceTypes;
  readonly name: string;
  readonly known: GlobalSymbol;
  /** Its type in the file. */
  readonly typeId: number;
}

/**
 * Refuses two definitions of a map that differ: an extern map repeats the whole definition.
 * ObjectError, after libbpf's warnings. Source: glob_map_defs_match of libbpf.
 */
export function checkSameMap({ output, types, name, known, typeId }: SymbolPair): void {
  const { log } = output;
  const bad = (text: string, cause?: unknown) => failure(log, Errno.EINVAL, `global '${name}': ${text}`, { cause });
  if (kindAt(types, typeId) !== Kind.var) throw bad(`invalid map definition type [${typeId}]`);
  const read = (at: TypeAt, btf: RecordView, what: string): MapDefinition => {
    try {
      const id = skipModifiers(at.types, sizeOrTypeOf(at.types, at.id));
      if (kindAt(at.types, id) !== Kind.struct)
        throw failure(log, Errno.EINVAL, `map '${name}': map type isn't specified.`);
      return readMapDefinition({ btf, log, relaxed: false }, { name, typeId: id, isInner: false });
    } catch (cause) {
      if (!(cause instanceof ObjectError)) throw cause;
      throw bad(what, cause);
    }
  };
  const theirs = read({ types, id: typeId }, types.records, 'invalid map definition');
  const ours = read({ types: output.types, id: known.typeId }, output.types.records, 'invalid dst map definition');
  checkSameDefinition({ output, types }, name, ours, theirs);
}

const plainFields = [
  ['maxEntries', 'max_entries'],
  ['flags', 'map_flags'],
  ['numaNode', 'numa_node'],
  ['pinByName', 'pinning'],
] as const;

function checkSameDefinition(
  pair: Pick<SymbolPair, 'output' | 'types'>,
  name: string,
  known: MapDefinition,
  other: MapDefinition,
): void {
  const { log } = pair.output;
  const bad = (what: string, cause?: unknown) =>
    failure(log, Errno.EINVAL, `global '${name}': map ${what} mismatch`, { cause });
  if (known.type !== other.type) throw bad('type');
  const parts = [
    { sizes: [known.keySize, other.keySize], ids: [known.keyTypeId, other.keyTypeId], what: 'key' },
    { sizes: [known.valueSize, other.valueSize], ids: [known.valueTypeId, other.valueTypeId], what: 'value' },
  ] as const;
  for (const { sizes, ids, what } of parts) {
    if (sizes[0] !== sizes[1]) throw bad(`${what}_size`);
    if ((ids[0] !== 0) !== (ids[1] !== 0)) throw bad(`${what} type`);
    if (ids[0] === 0) continue;
    try {
      checkSameType({ name, log }, { types: pair.output.types, id: ids[0] }, { types: pair.types, id: ids[1] });
    } catch (cause) {
      // libbpf calls both the key's.
      throw bad('key type', cause);
    }
  }
  for (const [field, word] of plainFields) if (known[field] !== other[field]) throw bad(word);
  if ((known.inner === undefined) !== (other.inner === undefined)) throw bad('inner map');
  if (known.inner === undefined || other.inner === undefined) return;
  checkSameDefinition(pair, `${name}.inner`, known.inner, other.inner);
}

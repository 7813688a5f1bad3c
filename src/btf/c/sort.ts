import { referred, type TypeGraph } from '../graph.ts';
import type { Btf } from '../parse.ts';
import { Kind } from '../records.ts';
import { NameHasher } from './hash.ts';

const lowest = 10;
const maxDepth = 64;
/** Bytes of a name that fit a number beside the rank. */
const prefixBytes = 6;

/**
 * The ids of the types that have C text, in the order of the reference's sorted C dump: by rank of kind, name of what the
 * type is about, own name, then a hash of the names inside, so that the order survives a rebuild of the kernel. The
 * first of all is missing, as in the reference, which takes it for void.
 */
export function sortForC(btf: Btf): Uint32Array {
  const { graph, strings } = btf;
  const hasher = new NameHasher(btf);
  const count = graph.typeCount + 1;
  /** Rank and the beginning of the name, as one number. */
  const keys = new Float64Array(count);
  const sortNames = new Uint32Array(count);
  let best = lowest;
  const place = (id: number, rank: number) => {
    const name = sortName(graph, id);
    sortNames[id] = name;
    keys[id] = rank * 256 ** prefixBytes + prefixOf(strings, name);
    best = Math.min(best, rank);
  };
  for (let id = 1; id < count; id++) if (hasText(graph.kind(id))) place(id, rankOf(graph, id));
  // Of the others it matters only whether one would be the first of all.
  for (let id = 0; id < count; id++) {
    if (id > 0 && hasText(graph.kind(id))) continue;
    const rank = rankOf(graph, id);
    if (rank <= best) place(id, rank);
    else keys[id] = Number.POSITIVE_INFINITY;
  }
  const compareEqualKeys = (a: number, b: number) => {
    const byName =
      compareStrings(strings, sortNames[a]!, sortNames[b]!) || compareStrings(strings, graph.name(a), graph.name(b));
    if (byName !== 0) return byName;
    // Prototypes have neither a name nor, for the hash, names inside.
    const bothPlain = graph.kind(a) === Kind.func_proto && graph.kind(b) === Kind.func_proto;
    return (bothPlain ? 0 : hasher.compare(a, b)) || a - b;
  };
  let first = 0;
  for (let id = 1; id < count; id++) {
    if (keys[id]! < keys[first]! || (keys[id] === keys[first] && compareEqualKeys(id, first) < 0)) first = id;
  }
  const ids = new Uint32Array(count);
  let kept = 0;
  for (let id = 1; id < count; id++) if (id !== first && hasText(graph.kind(id))) ids[kept++] = id;
  return ids.subarray(0, kept).sort((a, b) => keys[a]! - keys[b]! || compareEqualKeys(a, b));
}

function hasText(kind: number): boolean {
  return kind !== Kind.func && kind !== Kind.var && kind !== Kind.datasec && kind !== Kind.decl_tag;
}

function rankOf(graph: TypeGraph, id: number): number {
  let hasName = false;
  let at = id;
  for (let depth = 0; depth <= maxDepth; depth++) {
    if (graph.name(at) !== 0) hasName = true;
    switch (graph.kind(at)) {
      case Kind.func_proto:
        return hasName ? 4 : lowest;
      case Kind.struct:
      case Kind.union:
        return hasName ? 3 : lowest;
      case Kind.int:
      case Kind.float:
        return 2;
      case Kind.enum:
      case Kind.enum64:
        return hasName ? 1 : 0;
    }
    const next = hasName ? referred(graph, at) : undefined;
    if (next === undefined) return lowest;
    at = next;
  }
  return lowest;
}

/** String offset of the name of what a type is about; of an anonymous enum, that of its first value. */
function sortName(graph: TypeGraph, id: number): number {
  let at = id;
  for (let depth = 0; depth <= maxDepth; depth++) {
    const next = referred(graph, at);
    if (next === undefined) break;
    at = next;
  }
  if (at === id && graph.isEnum(id) && graph.name(id) === 0 && graph.vlen(id) > 0)
    return graph.words[graph.elements(id)]!;
  return graph.name(at);
}

function prefixOf(strings: Uint8Array, offset: number): number {
  if (offset === 0) return 0;
  let prefix = 0;
  for (let i = 0, ended = false; i < prefixBytes; i++) {
    const byte = ended ? 0 : (strings[offset + i] ?? 0);
    if (byte === 0) ended = true;
    prefix = prefix * 256 + byte;
  }
  return prefix;
}

/** Compares the strings at two offsets byte by byte, as strcmp(3) does. */
function compareStrings(strings: Uint8Array, a: number, b: number): number {
  if (a === b) return 0;
  for (let i = 0; ; i++) {
    const x = strings[a + i] ?? 0;
    const y = strings[b + i] ?? 0;
    if (x !== y) return x - y;
    if (x === 0) return 0;
  }
}

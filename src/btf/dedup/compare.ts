import { elementSize, headWords, Kind } from '../records.ts';
import type { TypeGraph } from '../graph.ts';

/** The word of a member or parameter that holds its type. */
const typeWord = 1;

const mix = (hash: number, value: number) => (Math.imul(hash, 31) + value) | 0;

/**
 * The hash by which candidates for a type are found; equal types have equal hashes. References count only for the kinds
 * that are deduplicated once their references are final; enums hash by name alone, so that a forward finds its definition.
 */
export function hashType(graph: TypeGraph, id: number): number {
  const kind = graph.kind(id);
  const byName = mix(0, graph.name(id));
  if (kind === Kind.enum || kind === Kind.enum64) return byName;
  const byInfo = mix(byName, graph.info(id));
  if (kind === Kind.typedef) return byInfo;
  let hash = mix(byInfo, graph.sizeOrType(id));
  switch (kind) {
    case Kind.int:
    case Kind.decl_tag:
      return mix(hash, graph.tail(id, 0));
    case Kind.array:
      for (let i = 0; i < 3; i++) hash = mix(hash, graph.tail(id, i));
      return hash;
    case Kind.struct:
    case Kind.union:
    case Kind.func_proto: {
      const size = elementSize(kind);
      const other = kind === Kind.func_proto ? typeWord : 2;
      const { words } = graph;
      const start = graph.starts[id]! + headWords;
      for (let i = graph.vlen(id), at = start; i > 0; i--, at += size) {
        hash = mix(mix(hash, words[at]!), words[at + other]!);
      }
      return hash;
    }
    default:
      return hash;
  }
}

/** Integers, tags on declarations. */
export function sameWithData(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && graph.tail(a, 0) === graph.tail(b, 0);
}

export function sameEnum(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && graph.sameElements(a, b, undefined);
}

export function isEnumForward(graph: TypeGraph, id: number): boolean {
  return graph.isEnum(id) && graph.vlen(id) === 0;
}

/** Equal, or of the same name with one a forward declaration, which has neither size nor kind of its own. */
export function compatibleEnum(graph: TypeGraph, a: number, b: number): boolean {
  if (!isEnumForward(graph, a) && !isEnumForward(graph, b)) return sameEnum(graph, a, b);
  return graph.name(a) === graph.name(b) && graph.isEnum(a) && graph.isEnum(b);
}

/** Structs and unions that differ at most in the types of their members. */
export function sameShape(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && graph.sameElements(a, b, typeWord);
}

export function sameTypedef(graph: TypeGraph, a: number, b: number): boolean {
  return graph.name(a) === graph.name(b) && graph.info(a) === graph.info(b);
}

export function sameArray(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && [0, 1, 2].every((word) => graph.tail(a, word) === graph.tail(b, word));
}

/** Arrays that differ at most in their types. */
export function compatibleArray(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && graph.tail(a, 2) === graph.tail(b, 2);
}

export function samePrototype(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && graph.sameElements(a, b, undefined);
}

/** Function prototypes that differ at most in their types. */
export function compatiblePrototype(graph: TypeGraph, a: number, b: number): boolean {
  return sameTypedef(graph, a, b) && graph.sameElements(a, b, typeWord);
}

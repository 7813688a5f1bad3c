import type { TypeGraph } from '../graph.ts';
import {
  kindArray,
  kindDeclTag,
  kindEnum,
  kindEnum64,
  kindFuncProto,
  kindInt,
  kindStruct,
  kindTypedef,
  kindUnion,
} from '../kind-numbers.ts';
import { headWords, kindOfInfo, recordWords, vlenOfInfo } from '../records.ts';

/** The word of a member or parameter that holds its type. */
const typeWord = 1;

/**
 * The hash by which candidates for the type whose record begins at `at` are found; equal types have equal hashes.
 * References count only for the kinds that are deduplicated once their references are final; enums hash by name alone, so
 * that a forward finds its definition.
 */
export function hashRecord(words: Uint32Array, at: number): number {
  const info = words[at + 1]!;
  let hash = words[at]! | 0;
  const kind = kindOfInfo(info);
  if (kind === kindEnum || kind === kindEnum64) return hash;
  hash = (Math.imul(hash, 31) + info) | 0;
  if (kind === kindTypedef) return hash;
  hash = (Math.imul(hash, 31) + words[at + 2]!) | 0;
  const start = at + headWords;
  let end = start;
  switch (kind) {
    case kindStruct:
    case kindUnion:
      end += vlenOfInfo(info) * 3;
      for (let i = start; i < end; i += 3) {
        hash = (Math.imul((Math.imul(hash, 31) + words[i]!) | 0, 31) + words[i + 2]!) | 0;
      }
      return hash;
    case kindFuncProto:
      end += vlenOfInfo(info) * 2;
      break;
    case kindArray:
      end += 3;
      break;
    case kindInt:
    case kindDeclTag:
      end += 1;
  }
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + words[i]!) | 0;
  return hash;
}

/** Equal to the last word, ids included. */
export function sameRecord(words: Uint32Array, a: number, b: number): boolean {
  const info = words[a + 1]!;
  if (info !== words[b + 1]) return false;
  for (let i = recordWords(info)! - 1; i >= 0; i--) if (words[a + i] !== words[b + i]) return false;
  return true;
}

/** Integers, tags on declarations. */
export function sameWithData(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && graph.tail(a, 0) === graph.tail(b, 0);
}

/** True for enums without values: C has them as forward declarations. */
export function isEnumForward(graph: TypeGraph, id: number): boolean {
  return graph.isEnum(id) && graph.vlen(id) === 0;
}

/** Equal, or of the same name with one a forward declaration, which has neither size nor kind of its own. */
export function compatibleEnum(graph: TypeGraph, a: number, b: number): boolean {
  if (!isEnumForward(graph, a) && !isEnumForward(graph, b)) {
    return sameRecord(graph.words, graph.starts[a]!, graph.starts[b]!);
  }
  return graph.name(a) === graph.name(b) && graph.isEnum(a) && graph.isEnum(b);
}

/** Structs and unions that differ at most in the types of their members. */
export function sameShape(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && graph.sameElements(a, b, typeWord);
}

/** Arrays that differ at most in their types. */
export function compatibleArray(graph: TypeGraph, a: number, b: number): boolean {
  return graph.sameHead(a, b) && graph.tail(a, 2) === graph.tail(b, 2);
}

/** Function prototypes that differ at most in their types. */
export function compatiblePrototype(graph: TypeGraph, a: number, b: number): boolean {
  const isAlike = graph.name(a) === graph.name(b) && graph.info(a) === graph.info(b);
  return isAlike && graph.sameElements(a, b, typeWord);
}

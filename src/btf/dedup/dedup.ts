import { ParseError } from '../../errors/index.ts';
import { currentHeaderSize, writeBtf } from '../header.ts';
import { mapExtStrings, mapExtTypeIds } from '../ext-edit.ts';
import type { Btf } from '../parse.ts';
import { forEachStringWord, forEachTypeIdWord, Kind, recordWords } from '../records.ts';
import { StringPool, stringMapper } from '../string-pool.ts';
import { checkTypes } from '../validate.ts';
import { withinStack } from '../within-stack.ts';
import { CandidateTable } from './candidates.ts';
import { CanonicalMap } from './canonical.ts';
import {
  compatibleEnum,
  hashType,
  isEnumForward,
  sameArray,
  sameEnum,
  samePrototype,
  sameShape,
  sameTypedef,
  sameWithData,
} from './compare.ts';
import { EquivalenceCheck } from './equivalence.ts';
import type { TypeGraph } from '../graph.ts';

/** What `dedupBtf` makes. */
export interface DedupedBtf {
  /** The new blob: header, types, strings; split on the same base. */
  readonly bytes: Uint8Array;
  /** The records that belong to it, where `ext` was given. */
  readonly ext: Uint8Array | undefined;
  /** Old type id → new type id; ids of the base stay, except for forward declarations that have a definition now. */
  readonly newIds: Uint32Array;
}

/** Types that refer to each other in a circle without a struct between: no C type does. */
export class BtfCycleError extends ParseError {}

/** What deduplication needs besides the types. */
export interface DedupOptions {
  /** The `.BTF.ext` of the same object. */
  readonly ext?: Uint8Array | undefined;
  /** The strings are there once already, and stay as they are, used or not. */
  readonly keepStrings?: boolean;
}

/**
 * Leaves each distinct type and each string that is used once, and gives forward declarations their definitions.
 * Of equal types the first stays. Types of a base are used where they are equal and never change; variables and sections
 * are never merged. Throws BtfCycleError, and ParseError where types are damaged or of a kind that is not known here.
 * Source: btf__dedup of libbpf.
 */
export function dedupBtf(btf: Btf, options: DedupOptions = {}): DedupedBtf {
  checkTypes(btf);
  const graph = btf.graph.copy();
  const { strings, ext } = options.keepStrings
    ? { strings: btf.strings.subarray(btf.stringStart), ext: options.ext }
    : gatherStrings(btf, graph, options.ext);
  const run = new Dedup(graph);
  run.all();
  const { words, newIds } = run.compact();
  return {
    bytes: writeBtf({ words, strings, littleEndian: btf.littleEndian, headerSize: currentHeaderSize }),
    ext: ext === undefined ? undefined : mapExtTypeIds(ext, (id) => mappedId(newIds, id)),
    newIds,
  };
}

/** Rewrites all string offsets so that each string is there once, in the order of use. */
function gatherStrings(
  btf: Btf,
  graph: TypeGraph,
  ext: Uint8Array | undefined,
): { strings: Uint8Array; ext: Uint8Array | undefined } {
  const strings = new StringPool(btf.base);
  const mapString = stringMapper(strings, btf);
  const ownString = (offset: number) => (offset < btf.stringStart ? offset : mapString(offset));
  for (let id = graph.firstId; id <= graph.typeCount; id++) {
    forEachStringWord(graph.words, graph.starts[id]!, (i) => {
      graph.words[i] = ownString(graph.words[i]!);
    });
  }
  const mappedExt = ext === undefined ? undefined : mapExtStrings(ext, ownString);
  return { strings: strings.finish(), ext: mappedExt };
}

function mappedId(newIds: Uint32Array, id: number): number {
  const mapped = newIds[id];
  if (mapped === undefined) throw new ParseError('BTF.ext', 0, `type ${id}, there are ${newIds.length - 1}`);
  return mapped;
}

class Dedup {
  readonly #graph: TypeGraph;
  readonly #map: CanonicalMap;
  readonly #table = new CandidateTable();
  readonly #equivalence: EquivalenceCheck;

  constructor(graph: TypeGraph) {
    this.#graph = graph;
    this.#map = new CanonicalMap(graph.typeCount + 1);
    this.#equivalence = new EquivalenceCheck(graph, this.#map);
  }

  all(): void {
    const { firstId, typeCount } = this.#graph;
    for (let id = 1; id < firstId; id++) this.#useBase(id);
    const eachOwn = (step: (id: number) => void) => {
      for (let id = firstId; id <= typeCount; id++) step(id);
    };
    eachOwn((id) => this.#primitive(id));
    eachOwn((id) => this.#composite(id));
    this.#resolveForwards();
    withinStack(() => eachOwn((id) => this.#reference(id)));
  }

  #isFixed(id: number): boolean {
    const kind = this.#graph.kind(id);
    return kind === Kind.var || kind === Kind.datasec;
  }

  #useBase(id: number): void {
    this.#map.set(id, id);
    if (!this.#isFixed(id)) this.#table.add(hashType(this.#graph, id), id);
  }

  /** Maps a type to its equal, or makes it a candidate for others. */
  #settle(id: number, hash: number, equal: number | undefined): void {
    this.#map.set(id, equal ?? id);
    if (equal === undefined) this.#table.add(hash, id);
  }

  /** Types that refer to no other. */
  #primitive(id: number): void {
    const graph = this.#graph;
    if (this.#isFixed(id)) {
      this.#map.set(id, id);
      return;
    }
    const kind = graph.kind(id);
    let matches: (other: number) => boolean;
    if (kind === Kind.int) matches = (other) => sameWithData(graph, id, other);
    else if (kind === Kind.fwd || kind === Kind.float) matches = (other) => graph.sameHead(id, other);
    else if (graph.isEnum(id)) matches = (other) => this.#enumMatches(id, other);
    else return;
    const hash = hashType(graph, id);
    this.#settle(id, hash, this.#table.find(hash, matches));
  }

  /** A forward declaration takes any definition; a definition takes over the forward declarations it meets. */
  #enumMatches(id: number, other: number): boolean {
    const graph = this.#graph;
    if (!graph.isEnum(other)) return false;
    if (sameEnum(graph, id, other)) return true;
    if (!compatibleEnum(graph, id, other)) return false;
    if (isEnumForward(graph, id)) return true;
    this.#map.set(other, id);
    return false;
  }

  /** Structs, unions and typedefs, compared with all that they reach. */
  #composite(id: number): void {
    const graph = this.#graph;
    if (this.#map.isMapped(id)) return;
    const isTypedef = graph.kind(id) === Kind.typedef;
    if (!isTypedef && !graph.isComposite(id)) return;
    const hash = hashType(graph, id);
    const equal = this.#table.find(hash, (other) => {
      if (!(isTypedef ? sameTypedef : sameShape)(graph, id, other)) return false;
      if (!this.#equivalence.run(id, other)) return false;
      this.#equivalence.merge();
      return !this.#equivalence.needsBaseChange;
    });
    this.#settle(id, hash, equal);
  }

  /** Forward declarations that no comparison met get the only definition of their name. */
  #resolveForwards(): void {
    const graph = this.#graph;
    const map = this.#map;
    const definitions = new Map<number, number>();
    for (let id = 1; id <= graph.typeCount; id++) {
      if (!graph.isComposite(id) || !map.isCanonical(id)) continue;
      const name = graph.name(id);
      definitions.set(name, definitions.has(name) ? 0 : id);
    }
    for (let id = graph.firstId; id <= graph.typeCount; id++) {
      if (graph.kind(id) !== Kind.fwd || !map.isCanonical(id)) continue;
      const definition = definitions.get(graph.name(id)) ?? 0;
      if (definition === 0) continue;
      const wanted = graph.info(id) >>> 31 === 1 ? Kind.union : Kind.struct;
      if (graph.kind(definition) === wanted) map.set(id, definition);
    }
  }

  /** Types whose references are made final first. Returns what stands for the type. */
  #reference(id: number): number {
    const graph = this.#graph;
    const map = this.#map;
    if (map.isInProgress(id)) throw new BtfCycleError('BTF', 0, `type ${id} refers to itself`);
    if (map.isMapped(id)) return map.resolve(id);
    map.begin(id);
    const { words } = graph;
    forEachTypeIdWord(words, graph.starts[id]!, (i) => {
      words[i] = this.#reference(words[i]!);
    });
    const hash = hashType(graph, id);
    const matches = this.#referenceMatch(graph.kind(id));
    const equal = this.#table.find(hash, (other) => matches(graph, id, other));
    this.#settle(id, hash, equal);
    return equal ?? id;
  }

  #referenceMatch(kind: number): (graph: TypeGraph, a: number, b: number) => boolean {
    switch (kind) {
      case Kind.array:
        return sameArray;
      case Kind.func_proto:
        return samePrototype;
      case Kind.decl_tag:
        return sameWithData;
      default:
        return (graph, a, b) => graph.sameHead(a, b);
    }
  }

  /** The canonical own types one after another, with final ids in them. */
  compact(): { words: Uint32Array; newIds: Uint32Array } {
    const graph = this.#graph;
    const map = this.#map;
    const compacted = new Uint32Array(graph.typeCount + 1);
    let next = graph.firstId;
    let size = 0;
    for (let id = 1; id <= graph.typeCount; id++) {
      if (id < graph.firstId) compacted[id] = id;
      else if (map.isCanonical(id)) {
        compacted[id] = next++;
        size += recordWords(graph.info(id))!;
      }
    }
    const newIds = compacted.map((_, id) => compacted[map.resolve(id)]!);
    const words = new Uint32Array(size);
    let at = 0;
    for (let id = graph.firstId; id <= graph.typeCount; id++) {
      if (!map.isCanonical(id)) continue;
      const start = graph.starts[id]!;
      const length = recordWords(graph.info(id))!;
      words.set(graph.words.subarray(start, start + length), at);
      forEachTypeIdWord(words, at, (i) => {
        words[i] = newIds[words[i]!]!;
      });
      at += length;
    }
    return { words, newIds };
  }
}

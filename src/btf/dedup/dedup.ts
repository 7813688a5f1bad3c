import { ParseError } from '../../errors/index.ts';
import { currentHeaderSize, writeBtf } from '../header.ts';
import { mapExtStrings, mapExtTypeIds } from '../ext-edit.ts';
import type { Btf } from '../parse.ts';
import { kindArray, kindEnum, kindEnum64, kindFuncProto, kindFwd, kindStruct, kindUnion } from '../kind-numbers.ts';
import { forEachStringWord, headWords, Kind, mapTypeIds, recordWords, vlenOfInfo } from '../records.ts';
import { StringPool, stringMapper } from '../string-pool.ts';
import { checkTypes } from '../validate.ts';
import { withinStack } from '../within-stack.ts';
import { CandidateTable } from './candidates.ts';
import { inProgress, maxId, newCanonicalMap, resolveCanonical } from './canonical.ts';
import { compatibleEnum, hashRecord, isEnumForward, sameRecord } from './compare.ts';
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
  const { words, newIds } = dedupRecords(graph);
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

/** What a run of deduplication leaves. */
export interface DedupedRecords {
  /** The canonical own types one after another, with final ids in them. */
  readonly words: Uint32Array;
  /** Old type id → new type id. */
  readonly newIds: Uint32Array;
}

/**
 * Deduplicates records whose strings are already there once: what `dedupBtf` does between reading and writing. The graph's
 * words are used up. Its references must lead to types. Throws BtfCycleError, and ParseError where types nest too deep.
 */
export function dedupRecords(graph: TypeGraph): DedupedRecords {
  const run = new Dedup(graph);
  run.all();
  return run.compact();
}

/** Steps of deduplication, by kind. */
const stepFixed = 1;
const stepPrimitive = 2;
const stepComposite = 3;
const stepReference = 4;
const stepOfKind = new Uint8Array(0x80).fill(stepReference);
for (const kind of [Kind.var, Kind.datasec]) stepOfKind[kind] = stepFixed;
for (const kind of [Kind.int, Kind.fwd, Kind.float, Kind.enum, Kind.enum64]) stepOfKind[kind] = stepPrimitive;
for (const kind of [Kind.struct, Kind.union, Kind.typedef]) stepOfKind[kind] = stepComposite;

/** Written for a machine that has compiled nothing of it yet: whole passes in plain loops over arrays of numbers. */
class Dedup {
  readonly #graph: TypeGraph;
  readonly #kinds: Uint8Array;
  readonly #map: Uint32Array;
  readonly #table: CandidateTable;
  readonly #equivalence: EquivalenceCheck;

  constructor(graph: TypeGraph) {
    this.#graph = graph;
    const { words, starts, typeCount } = graph;
    const kinds = new Uint8Array(typeCount + 1);
    for (let id = 1; id <= typeCount; id++) kinds[id] = (words[starts[id]! + 1]! >>> 24) & 0x7f;
    this.#kinds = kinds;
    this.#map = newCanonicalMap(typeCount);
    this.#table = new CandidateTable(typeCount);
    this.#equivalence = new EquivalenceCheck(graph, kinds, this.#map);
  }

  all(): void {
    const { firstId } = this.#graph;
    for (let id = 1; id < firstId; id++) this.#useBase(id);
    this.#primitives();
    this.#composites();
    this.#resolveForwards();
    withinStack(() => this.#references());
  }

  #useBase(id: number): void {
    const { words, starts } = this.#graph;
    this.#map[id] = id;
    if (stepOfKind[this.#kinds[id]!] !== stepFixed) this.#table.add(hashRecord(words, starts[id]!), id);
  }

  /** Types that refer to no other; variables and sections stay what they are. */
  #primitives(): void {
    const { words, starts, firstId, typeCount } = this.#graph;
    const kinds = this.#kinds;
    const map = this.#map;
    const table = this.#table;
    for (let id = firstId; id <= typeCount; id++) {
      const kind = kinds[id]!;
      const step = stepOfKind[kind];
      if (step === stepFixed) map[id] = id;
      if (step !== stepPrimitive) continue;
      const at = starts[id]!;
      const hash = hashRecord(words, at);
      const isEnum = kind === kindEnum || kind === kindEnum64;
      let other = table.first(hash);
      while (other !== 0 && !(isEnum ? this.#enumMatches(id, other) : sameRecord(words, at, starts[other]!))) {
        other = table.after(other);
      }
      map[id] = other === 0 ? id : other;
      if (other === 0) table.add(hash, id);
    }
  }

  /** A forward declaration takes any definition; a definition takes over the forward declarations it meets. */
  #enumMatches(id: number, other: number): boolean {
    const graph = this.#graph;
    if (!graph.isEnum(other)) return false;
    if (sameRecord(graph.words, graph.starts[id]!, graph.starts[other]!)) return true;
    if (!compatibleEnum(graph, id, other)) return false;
    if (isEnumForward(graph, id)) return true;
    this.#map[other] = id;
    return false;
  }

  /** Structs, unions and typedefs, compared with all that they reach. */
  #composites(): void {
    const { words, starts, firstId, typeCount } = this.#graph;
    const kinds = this.#kinds;
    const map = this.#map;
    const table = this.#table;
    const equivalence = this.#equivalence;
    for (let id = firstId; id <= typeCount; id++) {
      if (stepOfKind[kinds[id]!] !== stepComposite || map[id]! <= maxId) continue;
      const at = starts[id]!;
      const hash = hashRecord(words, at);
      let other = table.first(hash);
      for (; other !== 0; other = table.after(other)) {
        const otherAt = starts[other]!;
        if (words[at] !== words[otherAt] || words[at + 1] !== words[otherAt + 1]) continue;
        if (!equivalence.run(id, other)) continue;
        equivalence.merge();
        if (!equivalence.needsBaseChange) break;
      }
      map[id] = other === 0 ? id : other;
      if (other === 0) table.add(hash, id);
    }
  }

  /** Forward declarations that no comparison met get the only definition of their name. */
  #resolveForwards(): void {
    const { words, starts, firstId, typeCount } = this.#graph;
    const kinds = this.#kinds;
    const map = this.#map;
    let first = firstId;
    while (first <= typeCount && !(kinds[first] === kindFwd && map[first] === first)) first++;
    if (first > typeCount) return;
    const definitions = new Map<number, number>();
    for (let id = 1; id <= typeCount; id++) {
      if ((kinds[id] !== kindStruct && kinds[id] !== kindUnion) || map[id] !== id) continue;
      const name = words[starts[id]!]!;
      definitions.set(name, definitions.has(name) ? 0 : id);
    }
    for (let id = first; id <= typeCount; id++) {
      if (kinds[id] !== kindFwd || map[id] !== id) continue;
      const at = starts[id]!;
      const definition = definitions.get(words[at]!) ?? 0;
      if (definition === 0) continue;
      if (kinds[definition] === (words[at + 1]! >>> 31 === 1 ? kindUnion : kindStruct)) map[id] = definition;
    }
  }

  #references(): void {
    const { firstId, typeCount } = this.#graph;
    const map = this.#map;
    for (let id = firstId; id <= typeCount; id++) if (map[id]! > maxId) this.#reference(id);
  }

  /** Makes the references of a type final, then finds what stands for it. Returns that. */
  #reference(id: number): number {
    const { words, starts } = this.#graph;
    const map = this.#map;
    if (map[id]! <= maxId) return resolveCanonical(map, id);
    if (map[id] === inProgress) throw new BtfCycleError('BTF', 0, `type ${id} refers to itself`);
    map[id] = inProgress;
    const at = starts[id]!;
    switch (this.#kinds[id]) {
      case kindArray:
        words[at + 3] = this.#reference(words[at + 3]!);
        words[at + 4] = this.#reference(words[at + 4]!);
        break;
      case kindFuncProto:
        words[at + 2] = this.#reference(words[at + 2]!);
        for (let left = vlenOfInfo(words[at + 1]!), i = at + headWords + 1; left > 0; left--, i += 2) {
          words[i] = this.#reference(words[i]!);
        }
        break;
      default:
        words[at + 2] = this.#reference(words[at + 2]!);
    }
    const hash = hashRecord(words, at);
    const table = this.#table;
    let other = table.first(hash);
    while (other !== 0 && !sameRecord(words, at, starts[other]!)) other = table.after(other);
    map[id] = other === 0 ? id : other;
    if (other !== 0) return other;
    table.add(hash, id);
    return id;
  }

  compact(): DedupedRecords {
    const { words: old, starts, firstId, typeCount } = this.#graph;
    const map = this.#map;
    const newIds = new Uint32Array(typeCount + 1);
    let next = firstId;
    let size = 0;
    for (let id = 1; id < firstId; id++) newIds[id] = id;
    for (let id = firstId; id <= typeCount; id++) {
      if (map[id] !== id) continue;
      newIds[id] = next++;
      size += recordWords(old[starts[id]! + 1]!)!;
    }
    for (let id = 1; id <= typeCount; id++) if (map[id] !== id) newIds[id] = newIds[resolveCanonical(map, id)]!;
    const words = new Uint32Array(size);
    let at = 0;
    for (let id = firstId; id <= typeCount; id++) {
      if (map[id] !== id) continue;
      const start = starts[id]!;
      const length = recordWords(old[start + 1]!)!;
      for (let i = 0; i < length; i++) words[at + i] = old[start + i]!;
      mapTypeIds(words, at, newIds);
      at += length;
    }
    return { words, newIds };
  }
}

import { ParseError } from '../../errors/index.ts';
import type { TypeGraph } from '../graph.ts';
import {
  kindArray,
  kindConst,
  kindEnum,
  kindEnum64,
  kindFloat,
  kindFunc,
  kindFuncProto,
  kindFwd,
  kindInt,
  kindPtr,
  kindRestrict,
  kindStruct,
  kindTypeTag,
  kindTypedef,
  kindUnion,
  kindVolatile,
} from '../kind-numbers.ts';
import { headWords, vlenOfInfo } from '../records.ts';
import { maxId, resolveCanonical } from './canonical.ts';
import { compatibleEnum } from './compare.ts';
import { IdentityCheck } from './identity.ts';

/** Steps of one comparison beyond which types are hostile: a kernel's whole graph takes a hundredth. */
const maxSteps = 2 ** 24;

/**
 * Compares two type graphs side by side. While it runs it assumes that each type of the canonical graph stands for one
 * type of the candidate's ("hypothesis"); the first contradiction ends it. Source: btf_dedup_is_equiv of libbpf.
 */
export class EquivalenceCheck {
  readonly #graph: TypeGraph;
  readonly #kinds: Uint8Array;
  readonly #map: Uint32Array;
  readonly #identity: IdentityCheck;
  /** Canonical type → candidate type, 0 for none: void is never a candidate for another. */
  readonly #hypothesis: Uint32Array;
  /** Canonical types that have one, in the order of discovery. */
  readonly #assumed: number[] = [];
  /** Pairs still to compare, the next one last: the order of a depth-first walk. */
  readonly #pending: number[] = [];
  /** The base would have to be changed for the graphs to be equivalent, which it cannot be. */
  needsBaseChange = false;

  /** `kinds`: the kind of each type; `map`: what stands for it. */
  constructor(graph: TypeGraph, kinds: Uint8Array, map: Uint32Array) {
    this.#graph = graph;
    this.#kinds = kinds;
    this.#map = map;
    this.#identity = new IdentityCheck(graph);
    this.#hypothesis = new Uint32Array(graph.typeCount + 1);
  }

  /** True where the graphs below the two types are equivalent; `merge` then records what that proved. */
  run(first: number, second: number): boolean {
    const { words, starts } = this.#graph;
    const kinds = this.#kinds;
    const map = this.#map;
    const hypothesis = this.#hypothesis;
    const assumed = this.#assumed;
    const pending = this.#pending;
    for (let i = 0; i < assumed.length; i++) hypothesis[assumed[i]!] = 0;
    assumed.length = 0;
    this.needsBaseChange = false;
    pending.length = 0;
    pending.push(first, second);
    for (let steps = 0; pending.length > 0; steps++) {
      if (steps > maxSteps) throw new ParseError('BTF', 0, `type ${first} reaches too many types to be compared`);
      let canonical = pending.pop()!;
      const candidate = pending.pop()!;
      let end = candidate;
      for (let next = map[end]!; next <= maxId && next !== end; next = map[end]!) end = next;
      let canonicalEnd = canonical;
      for (let next = map[canonicalEnd]!; next <= maxId && next !== canonicalEnd; next = map[canonicalEnd]!) {
        canonicalEnd = next;
      }
      if (end === canonicalEnd) continue;
      // What a forward declaration of the canonical graph has been resolved to, if anything.
      if (kinds[canonical] === kindFwd && kinds[canonicalEnd] !== kindFwd) canonical = canonicalEnd;
      const known = hypothesis[canonical]!;
      if (known !== 0) {
        if (known === candidate || this.#identity.same(known, candidate)) continue;
        return false;
      }
      hypothesis[canonical] = candidate;
      assumed.push(canonical);
      const a = starts[candidate]!;
      const b = starts[canonical]!;
      if (words[a] !== words[b]) return false;
      const kind = kinds[candidate]!;
      if (kind !== kinds[canonical]) {
        if (!this.#forwardMatches(candidate, canonical)) return false;
        continue;
      }
      const info = words[a + 1]!;
      switch (kind) {
        case kindPtr:
        case kindTypedef:
        case kindVolatile:
        case kindConst:
        case kindRestrict:
        case kindFunc:
        case kindTypeTag:
          if (info !== words[b + 1]) return false;
          if (words[a + 2] !== words[b + 2]) pending.push(words[a + 2]!, words[b + 2]!);
          break;
        case kindStruct:
        case kindUnion:
          if (info !== words[b + 1] || words[a + 2] !== words[b + 2]) return false;
          // The first member is to be compared next.
          for (let count = vlenOfInfo(info), at = headWords + count * 3 - 3; at >= headWords; at -= 3) {
            if (words[a + at] !== words[b + at] || words[a + at + 2] !== words[b + at + 2]) return false;
            if (words[a + at + 1] !== words[b + at + 1]) pending.push(words[a + at + 1]!, words[b + at + 1]!);
          }
          break;
        case kindFuncProto:
          if (info !== words[b + 1]) return false;
          for (let count = vlenOfInfo(info), at = headWords + count * 2 - 2; at >= headWords; at -= 2) {
            if (words[a + at] !== words[b + at]) return false;
            pending.push(words[a + at + 1]!, words[b + at + 1]!);
          }
          pending.push(words[a + 2]!, words[b + 2]!);
          break;
        case kindArray:
          if (info !== words[b + 1] || words[a + 2] !== words[b + 2] || words[a + 5] !== words[b + 5]) return false;
          pending.push(words[a + 3]!, words[b + 3]!, words[a + 4]!, words[b + 4]!);
          break;
        case kindEnum:
        case kindEnum64:
          if (!compatibleEnum(this.#graph, candidate, canonical)) return false;
          break;
        case kindInt:
          if (info !== words[b + 1] || words[a + 2] !== words[b + 2] || words[a + 3] !== words[b + 3]) return false;
          break;
        case kindFwd:
        case kindFloat:
          if (info !== words[b + 1] || words[a + 2] !== words[b + 2]) return false;
          break;
        default:
          throw new ParseError('BTF', 0, `type ${candidate}, a ${kind}, cannot be part of another type`);
      }
    }
    return true;
  }

  /** Types of different kinds match only as a forward declaration and its definition. */
  #forwardMatches(candidate: number, canonical: number): boolean {
    const graph = this.#graph;
    const declared = (id: number) => (graph.info(id) >>> 31 === 1 ? kindUnion : kindStruct);
    if (graph.kind(candidate) === kindFwd) return declared(candidate) === graph.kind(canonical);
    if (graph.kind(canonical) !== kindFwd) return false;
    const matches = declared(canonical) === graph.kind(candidate);
    if (matches && canonical < graph.firstId) this.needsBaseChange = true;
    return matches;
  }

  /** Records what a successful run proved: definitions of forward declarations, and further equal structs. */
  merge(): void {
    const kinds = this.#kinds;
    const map = this.#map;
    const assumed = this.#assumed;
    for (let i = 0; i < assumed.length; i++) {
      const canonical = assumed[i]!;
      const from = resolveCanonical(map, this.#hypothesis[canonical]!);
      const to = resolveCanonical(map, canonical);
      const fromForward = kinds[from] === kindFwd;
      const toForward = kinds[to] === kindFwd;
      if (!fromForward && toForward) map[to] = from;
      // Forward declarations of the base are pointed at definitions even where nothing else of it may change.
      if (this.needsBaseChange) continue;
      if (fromForward && !toForward) map[from] = to;
      const isStruct = kinds[from] === kindStruct || kinds[from] === kindUnion;
      if (isStruct && !toForward && map[to]! <= maxId && map[from]! > maxId) map[from] = to;
    }
  }
}

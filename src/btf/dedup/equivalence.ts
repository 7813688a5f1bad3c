import { ParseError } from '../../errors/index.ts';
import { headWords, Kind } from '../records.ts';
import type { CanonicalMap } from './canonical.ts';
import { compatibleArray, compatibleEnum, compatiblePrototype, sameShape, sameWithData } from './compare.ts';
import type { TypeGraph } from '../graph.ts';
import { IdentityCheck } from './identity.ts';

/** Steps of one comparison beyond which types are hostile: a kernel's whole graph takes a hundredth. */
const maxSteps = 2 ** 24;

/**
 * Compares two type graphs side by side. While it runs it assumes that each type of the canonical graph stands for one
 * type of the candidate's ("hypothesis"); the first contradiction ends it. Source: btf_dedup_is_equiv of libbpf.
 */
export class EquivalenceCheck {
  readonly #graph: TypeGraph;
  readonly #map: CanonicalMap;
  readonly #identity: IdentityCheck;
  /** Canonical type → candidate type, in the order of discovery. */
  readonly #hypothesis = new Map<number, number>();
  /** The base would have to be changed for the graphs to be equivalent, which it cannot be. */
  needsBaseChange = false;

  constructor(graph: TypeGraph, map: CanonicalMap) {
    this.#graph = graph;
    this.#map = map;
    this.#identity = new IdentityCheck(graph);
  }

  /** True where the graphs below the two types are equivalent; `merge` then records what that proved. */
  run(candidate: number, canonical: number): boolean {
    this.#hypothesis.clear();
    this.needsBaseChange = false;
    // Pairs still to compare, the next one last: the order of a depth-first walk.
    const pending = [candidate, canonical];
    for (let steps = 0; pending.length > 0; steps++) {
      if (steps > maxSteps) throw new ParseError('BTF', 0, `type ${candidate} reaches too many types to be compared`);
      const canonicalId = pending.pop()!;
      const candidateId = pending.pop()!;
      if (!this.#pair(candidateId, canonicalId, pending)) return false;
    }
    return true;
  }

  #pair(candidate: number, unresolved: number, pending: number[]): boolean {
    const graph = this.#graph;
    const map = this.#map;
    if (map.resolve(candidate) === map.resolve(unresolved)) return true;
    const canonical = this.#resolveForward(unresolved);
    const assumed = this.#hypothesis.get(canonical);
    if (assumed !== undefined) return assumed === candidate || this.#identity.same(assumed, candidate);
    this.#hypothesis.set(canonical, candidate);
    if (graph.name(candidate) !== graph.name(canonical)) return false;
    const kind = graph.kind(candidate);
    const canonicalKind = graph.kind(canonical);
    if (kind !== canonicalKind) return this.#forwardMatches(candidate, canonical);
    switch (kind) {
      case Kind.int:
        return sameWithData(graph, candidate, canonical);
      case Kind.enum:
      case Kind.enum64:
        return compatibleEnum(graph, candidate, canonical);
      case Kind.fwd:
      case Kind.float:
        return graph.sameHead(candidate, canonical);
      case Kind.const:
      case Kind.volatile:
      case Kind.restrict:
      case Kind.ptr:
      case Kind.typedef:
      case Kind.func:
      case Kind.type_tag:
        pending.push(graph.sizeOrType(candidate), graph.sizeOrType(canonical));
        return graph.info(candidate) === graph.info(canonical);
      case Kind.array:
        pending.push(graph.tail(candidate, 0), graph.tail(canonical, 0));
        pending.push(graph.tail(candidate, 1), graph.tail(canonical, 1));
        return compatibleArray(graph, candidate, canonical);
      case Kind.struct:
      case Kind.union:
        if (!sameShape(graph, candidate, canonical)) return false;
        this.#pushElements(candidate, canonical, { size: 3, pending });
        return true;
      case Kind.func_proto:
        if (!compatiblePrototype(graph, candidate, canonical)) return false;
        this.#pushElements(candidate, canonical, { size: 2, pending });
        pending.push(graph.sizeOrType(candidate), graph.sizeOrType(canonical));
        return true;
      default:
        throw new ParseError('BTF', 0, `type ${candidate}, a ${kind}, cannot be part of another type`);
    }
  }

  /** Members or parameters, the first to be compared next. */
  #pushElements(candidate: number, canonical: number, list: { size: number; pending: number[] }): void {
    const { words, starts } = this.#graph;
    for (let i = this.#graph.vlen(candidate) - 1; i >= 0; i--) {
      const word = headWords + i * list.size + 1;
      list.pending.push(words[starts[candidate]! + word]!, words[starts[canonical]! + word]!);
    }
  }

  /** What a forward declaration of the canonical graph has been resolved to, if anything. */
  #resolveForward(id: number): number {
    if (this.#graph.kind(id) !== Kind.fwd) return id;
    const resolved = this.#map.resolve(id);
    return this.#graph.kind(resolved) === Kind.fwd ? id : resolved;
  }

  /** Types of different kinds match only as a forward declaration and its definition. */
  #forwardMatches(candidate: number, canonical: number): boolean {
    const graph = this.#graph;
    const declared = (id: number) => (graph.info(id) >>> 31 === 1 ? Kind.union : Kind.struct);
    if (graph.kind(candidate) === Kind.fwd) return declared(candidate) === graph.kind(canonical);
    if (graph.kind(canonical) !== Kind.fwd) return false;
    const matches = declared(canonical) === graph.kind(candidate);
    if (matches && canonical < graph.firstId) this.needsBaseChange = true;
    return matches;
  }

  /** Records what a successful run proved: definitions of forward declarations, and further equal structs. */
  merge(): void {
    const graph = this.#graph;
    const map = this.#map;
    for (const [canonical, candidate] of this.#hypothesis) {
      const from = map.resolve(candidate);
      const to = map.resolve(canonical);
      const fromForward = graph.kind(from) === Kind.fwd;
      const toForward = graph.kind(to) === Kind.fwd;
      if (!fromForward && toForward) map.set(to, from);
      // Forward declarations of the base are pointed at definitions even where nothing else of it may change.
      if (this.needsBaseChange) continue;
      if (fromForward && !toForward) map.set(from, to);
      if (graph.isComposite(from) && !toForward && map.isMapped(to) && !map.isMapped(from)) map.set(from, to);
    }
  }
}

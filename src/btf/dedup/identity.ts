import { headWords, Kind } from '../records.ts';
import { compatibleArray, compatibleEnum, compatiblePrototype, sameShape, sameWithData } from './compare.ts';
import type { TypeGraph } from '../graph.ts';

const maxDepth = 16;
/** Answers kept, for types that would otherwise be compared once for every way that leads to them. */
const maxKnown = 1 << 20;

/**
 * Compares two types by structure alone, a bounded number of levels deep. It accepts compilers that describe one type
 * several times in one unit. Source: btf_dedup_identical_types of libbpf; as there, arrays of one length are alike.
 */
export class IdentityCheck {
  readonly #graph: TypeGraph;
  readonly #known = new Map<number, boolean>();

  constructor(graph: TypeGraph) {
    this.#graph = graph;
  }

  same(a: number, b: number): boolean {
    return this.#same(a, b, maxDepth);
  }

  #same(first: number, second: number, depth: number): boolean {
    if (depth <= 0) return false;
    const graph = this.#graph;
    let [a, b] = [first, second];
    for (let steps = 0; steps <= graph.typeCount; steps++) {
      const kind = graph.kind(a);
      if (kind !== graph.kind(b)) return false;
      switch (kind) {
        case 0:
          return true;
        case Kind.int:
          return sameWithData(graph, a, b);
        case Kind.enum:
        case Kind.enum64:
          return compatibleEnum(graph, a, b);
        case Kind.fwd:
        case Kind.float:
          return graph.sameHead(a, b);
        case Kind.array:
          return compatibleArray(graph, a, b);
        case Kind.const:
        case Kind.volatile:
        case Kind.restrict:
        case Kind.ptr:
        case Kind.typedef:
        case Kind.func:
        case Kind.type_tag:
          if (graph.info(a) !== graph.info(b) || graph.name(a) !== graph.name(b)) return false;
          [a, b] = [graph.sizeOrType(a), graph.sizeOrType(b)];
          break;
        case Kind.struct:
        case Kind.union:
          return sameShape(graph, a, b) && this.#remembered(a, b, depth, 3);
        case Kind.func_proto: {
          if (!compatiblePrototype(graph, a, b)) return false;
          const [resultA, resultB] = [graph.sizeOrType(a), graph.sizeOrType(b)];
          if (resultA !== resultB && !this.#same(resultA, resultB, depth - 1)) return false;
          return this.#remembered(a, b, depth, 2);
        }
        default:
          return false;
      }
    }
    return false;
  }

  /** The types of all members or parameters, elements being `size` words. */
  #remembered(a: number, b: number, depth: number, size: number): boolean {
    const key = (a * (this.#graph.typeCount + 1) + b) * (maxDepth + 1) + depth;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= maxKnown) this.#known.clear();
    const result = this.#sameElements(a, b, depth, size);
    this.#known.set(key, result);
    return result;
  }

  #sameElements(a: number, b: number, depth: number, size: number): boolean {
    const { words, starts } = this.#graph;
    for (let i = 0; i < this.#graph.vlen(a); i++) {
      const word = headWords + i * size + 1;
      const [typeA, typeB] = [words[starts[a]! + word]!, words[starts[b]! + word]!];
      if (typeA !== typeB && !this.#same(typeA, typeB, depth - 1)) return false;
    }
    return true;
  }
}

import { maxU32, pointerSize } from './constants.ts';
import type { TypeGraph } from './graph.ts';
import { kindOf } from './records.ts';

const unknown = -1;
const none = -2;
const maxDepth = 256;
const maxChain = 32;

/** Sizes and natural alignments of types as C lays them out, remembered. */
export class TypeLayout {
  readonly #graph: TypeGraph;
  readonly #aligns: Int8Array;
  readonly #sizes: Float64Array;

  constructor(graph: TypeGraph) {
    this.#graph = graph;
    this.#aligns = new Int8Array(graph.lastId + 1).fill(unknown);
    this.#sizes = new Float64Array(graph.lastId + 1).fill(unknown);
  }

  /** Bytes; 0 for what has no alignment. Source: btf__align_of of libbpf. */
  align(id: number): number {
    return this.#align(id, 0);
  }

  #align(id: number, depth: number): number {
    const known = this.#aligns[id];
    if (known === undefined || depth > maxDepth) return 0;
    if (known !== unknown) return known;
    const align = this.#compute(id, depth);
    this.#aligns[id] = align;
    return align;
  }

  #compute(id: number, depth: number): number {
    const graph = this.#graph;
    const kind = graph.kind(id);
    switch (kind) {
      case kindOf.int:
      case kindOf.enum:
      case kindOf.enum64:
      case kindOf.float:
        return Math.min(pointerSize, graph.sizeOrType(id));
      case kindOf.ptr:
        return pointerSize;
      case kindOf.typedef:
      case kindOf.volatile:
      case kindOf.const:
      case kindOf.restrict:
      case kindOf.type_tag:
        return this.#align(graph.sizeOrType(id), depth + 1);
      case kindOf.array:
        return this.#align(graph.tail(id, 0), depth + 1);
      case kindOf.struct:
      case kindOf.union:
        return this.#compositeAlign(id, depth);
      default:
        return 0;
    }
  }

  #compositeAlign(id: number, depth: number): number {
    const graph = this.#graph;
    const { words } = graph;
    const bitFields = graph.kindFlag(id);
    let most = 1;
    for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 3) {
      const align = this.#align(words[at + 1]!, depth + 1);
      if (align <= 0) return align;
      most = Math.max(most, align);
      // A member away from its alignment means that the whole is packed.
      if (isMisplaced(words[at + 2]!, bitFields, align)) return 1;
    }
    return graph.sizeOrType(id) % most !== 0 ? 1 : most;
  }

  /** True where a struct's members or size do not keep to their alignment, so that C needs to be told. */
  isPacked(id: number): boolean {
    const graph = this.#graph;
    const { words } = graph;
    const bitFields = graph.kindFlag(id);
    let most = 1;
    for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 3) {
      const align = this.align(words[at + 1]!);
      if (align > 0 && isMisplaced(words[at + 2]!, bitFields, align)) return true;
      most = Math.max(align, most);
    }
    return graph.sizeOrType(id) % most !== 0;
  }

  /** Bytes, or undefined where a type has no size or one beyond 32 bits. Source: btf__resolve_size of libbpf. */
  size(id: number): number | undefined {
    const known = this.#sizes[id];
    if (known !== undefined && known !== unknown) return known === none ? undefined : known;
    const size = this.#findSize(id);
    this.#sizes[id] = size ?? none;
    return size;
  }

  #findSize(id: number): number | undefined {
    const graph = this.#graph;
    let count = 1;
    let at = id;
    for (let depth = 0; depth < maxChain && at <= graph.lastId; depth++) {
      switch (graph.kind(at)) {
        case kindOf.int:
        case kindOf.struct:
        case kindOf.union:
        case kindOf.enum:
        case kindOf.enum64:
        case kindOf.datasec:
        case kindOf.float:
          return within(graph.sizeOrType(at) * count);
        case kindOf.ptr:
          return within(pointerSize * count);
        case kindOf.typedef:
        case kindOf.volatile:
        case kindOf.const:
        case kindOf.restrict:
        case kindOf.var:
        case kindOf.decl_tag:
        case kindOf.type_tag:
          at = graph.sizeOrType(at);
          break;
        case kindOf.array:
          count *= graph.tail(at, 2);
          if (count > maxU32) return undefined;
          at = graph.tail(at, 0);
          break;
        default:
          return undefined;
      }
    }
    return undefined;
  }
}

const within = (size: number) => (size > maxU32 ? undefined : size);

/** `where` is a member's third word; `bitFields` says that its upper byte is the size of a bit-field. */
function isMisplaced(where: number, bitFields: boolean, align: number): boolean {
  if (!bitFields) return where % (8 * align) !== 0;
  return where >>> 24 === 0 && (where & 0xff_ffff) % (8 * align) !== 0;
}

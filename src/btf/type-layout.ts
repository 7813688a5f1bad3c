import { isComposite, isModifierKind, Kind, maxU32 } from './records.ts';

const unknown = -1;
const none = -2;
/** Types that nest deeper have no alignment: they contain themselves. */
const maxDepth = 256;
const maxChain = 32;

/** Records by type id, as far as sizes and alignments need them. Ids without a type may throw ParseError. */
export interface LaidOutTypes {
  /** The largest id. */
  readonly typeCount: number;
  /** Bytes of a pointer. */
  readonly pointerSize: number;
  kind(id: number): number;
  kindFlag(id: number): boolean;
  vlen(id: number): number;
  sizeOrType(id: number): number;
  /** A word after the head. */
  tail(id: number, word: number): number;
}

/**
 * Bytes of a type, or undefined where it has no size or one beyond 32 bits.
 * Source: btf__resolve_size of libbpf.
 */
export function sizeOfType(types: LaidOutTypes, id: number): number | undefined {
  let count = 1;
  let at = id;
  for (let depth = 0; depth < maxChain && at <= types.typeCount; depth++) {
    const kind = types.kind(at);
    switch (kind) {
      case Kind.int:
      case Kind.struct:
      case Kind.union:
      case Kind.enum:
      case Kind.enum64:
      case Kind.datasec:
      case Kind.float:
        return within(types.sizeOrType(at) * count);
      case Kind.ptr:
        return within(types.pointerSize * count);
      case Kind.array:
        count *= types.tail(at, 2);
        if (count > maxU32) return undefined;
        at = types.tail(at, 0);
        break;
      case Kind.typedef:
      case Kind.var:
      case Kind.decl_tag:
        at = types.sizeOrType(at);
        break;
      default:
        if (!isModifierKind(kind)) return undefined;
        at = types.sizeOrType(at);
    }
  }
  return undefined;
}

/** Natural alignment of a type in bytes; 0 for what has none. Source: btf__align_of of libbpf. */
export function alignmentOf(types: LaidOutTypes, id: number): number {
  const find = (at: number, depth: number): number =>
    depth > maxDepth || at > types.typeCount ? 0 : alignment(types, at, (inner) => find(inner, depth + 1));
  return find(id, 0);
}

/** The alignment of one type; `alignmentOfPart` gives that of the types it consists of. */
function alignment(types: LaidOutTypes, id: number, alignmentOfPart: (id: number) => number): number {
  const kind = types.kind(id);
  switch (kind) {
    case Kind.int:
    case Kind.enum:
    case Kind.enum64:
    case Kind.float:
      return Math.min(types.pointerSize, types.sizeOrType(id));
    case Kind.ptr:
      return types.pointerSize;
    case Kind.array:
      return alignmentOfPart(types.tail(id, 0));
    default:
      if (kind === Kind.typedef || isModifierKind(kind)) return alignmentOfPart(types.sizeOrType(id));
      return isComposite(kind) ? compositeAlignment(types, id, alignmentOfPart) : 0;
  }
}

function compositeAlignment(types: LaidOutTypes, id: number, alignmentOfPart: (id: number) => number): number {
  const bitFields = types.kindFlag(id);
  let most = 1;
  for (let i = types.vlen(id), word = 0; i > 0; i--, word += 3) {
    const align = alignmentOfPart(types.tail(id, word + 1));
    if (align <= 0) return align;
    most = Math.max(most, align);
    // A member away from its alignment means that the whole is packed.
    const where = types.tail(id, word + 2);
    if (bitFields ? isFieldMisplaced(where, align) : isMisplaced(where, align)) return 1;
  }
  return types.sizeOrType(id) % most !== 0 ? 1 : most;
}

/** Sizes and natural alignments of types as C lays them out, remembered: the types must not change. */
export class TypeLayout {
  readonly #types: LaidOutTypes;
  readonly #aligns: Int8Array;
  readonly #sizes: Float64Array;

  constructor(types: LaidOutTypes) {
    this.#types = types;
    this.#aligns = new Int8Array(types.typeCount + 1).fill(unknown);
    this.#sizes = new Float64Array(types.typeCount + 1).fill(unknown);
  }

  /** As `alignmentOf`. */
  align(id: number): number {
    return this.#align(id, 0);
  }

  #align(id: number, depth: number): number {
    const known = this.#aligns[id];
    if (known === undefined || depth > maxDepth) return 0;
    if (known !== unknown) return known;
    const align = alignment(this.#types, id, (part) => this.#align(part, depth + 1));
    this.#aligns[id] = align;
    return align;
  }

  /** True where a struct's members or size do not keep to their alignment, so that C needs an attribute. */
  isPacked(id: number): boolean {
    const types = this.#types;
    const bitFields = types.kindFlag(id);
    let most = 1;
    for (let i = types.vlen(id), word = 0; i > 0; i--, word += 3) {
      const align = this.align(types.tail(id, word + 1));
      const where = types.tail(id, word + 2);
      if (align > 0 && (bitFields ? isFieldMisplaced(where, align) : isMisplaced(where, align))) return true;
      most = Math.max(align, most);
    }
    return types.sizeOrType(id) % most !== 0;
  }

  /** As `sizeOfType`. */
  size(id: number): number | undefined {
    const known = this.#sizes[id];
    if (known !== undefined && known !== unknown) return known === none ? undefined : known;
    const size = sizeOfType(this.#types, id);
    this.#sizes[id] = size ?? none;
    return size;
  }
}

const within = (size: number) => (size > maxU32 ? undefined : size);

/** `where` is a member's third word, its offset in bits. */
function isMisplaced(where: number, align: number): boolean {
  return where % (8 * align) !== 0;
}

/** The same in a struct with bit-fields, where the upper byte is the size of one. */
function isFieldMisplaced(where: number, align: number): boolean {
  return where >>> 24 === 0 && (where & 0xff_ffff) % (8 * align) !== 0;
}

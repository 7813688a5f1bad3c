import { kindNames, Kind } from '../btf/index.ts';

/** Types as records of 32-bit words, by id; void is a record of zeros. */
export interface TypeRecords {
  readonly words: Uint32Array;
  /** Id → index of the record. */
  readonly starts: Uint32Array;
  readonly typeCount: number;
  /** The string at an offset, one character for each byte. */
  text(offset: number): string;
}

export const nameOf = ({ words, starts }: TypeRecords, id: number) => words[starts[id]!]!;
export const infoOf = ({ words, starts }: TypeRecords, id: number) => words[starts[id]! + 1]!;
export const sizeOrTypeOf = ({ words, starts }: TypeRecords, id: number) => words[starts[id]! + 2]!;
/** A word after the three that every record has. */
export const tailOf = ({ words, starts }: TypeRecords, id: number, word: number) => words[starts[id]! + 3 + word]!;
export const kindAt = (types: TypeRecords, id: number) => (infoOf(types, id) >>> 24) & 0x7f;
export const countAt = (types: TypeRecords, id: number) => infoOf(types, id) & 0xff_ffff;
export const kindFlagAt = (types: TypeRecords, id: number) => infoOf(types, id) >>> 31 === 1;
export const kindNameAt = (types: TypeRecords, id: number) => kindNames[kindAt(types, id)] ?? 'unknown';
export const nameTextOf = (types: TypeRecords, id: number) => types.text(nameOf(types, id));

const passedOver: ReadonlySet<number> = new Set([
  Kind.typedef,
  Kind.const,
  Kind.volatile,
  Kind.restrict,
  Kind.type_tag,
]);

/** What a type is once typedefs and qualifiers are taken off; void where they go round in a circle. */
export function skipModifiers(types: TypeRecords, id: number): number {
  let at = id;
  for (let steps = 0; steps <= types.typeCount; steps++) {
    if (!passedOver.has(kindAt(types, at))) return at;
    at = sizeOrTypeOf(types, at);
  }
  return 0;
}

const maxDepth = 32;
const maxSize = 0xffff_ffff;
const withSize: ReadonlySet<number> = new Set([
  Kind.int,
  Kind.struct,
  Kind.union,
  Kind.enum,
  Kind.enum64,
  Kind.datasec,
  Kind.float,
]);
const withTarget: ReadonlySet<number> = new Set([...passedOver, Kind.var, Kind.decl_tag]);

/** Bytes of a value of a type, or a negative errno. Source: btf__resolve_size of libbpf. */
export function resolveSize(types: TypeRecords, id: number, pointerSize = 8): number {
  let at = id;
  let count = 1;
  const whole = (size: number) => (count > 0 && size > Math.floor(maxSize / count) ? -7 : count * size);
  for (let depth = 0; depth < maxDepth && at !== 0; depth++) {
    const kind = kindAt(types, at);
    if (withSize.has(kind)) return whole(sizeOrTypeOf(types, at));
    if (kind === Kind.ptr) return whole(pointerSize);
    if (kind === Kind.array) {
      const length = tailOf(types, at, 2);
      if (count > 0 && length > Math.floor(maxSize / count)) return -7;
      count *= length;
      at = tailOf(types, at, 0);
    } else if (withTarget.has(kind)) {
      at = sizeOrTypeOf(types, at);
    } else {
      return -22;
    }
  }
  return -22;
}

/** Linkage of a variable or function: 0 static, 1 global, 2 extern; undefined for other types. */
export function linkageOf({ words, starts }: TypeRecords, id: number): number | undefined {
  const start = starts[id]!;
  const info = words[start + 1]!;
  const kind = (info >>> 24) & 0x7f;
  if (kind === Kind.var) return words[start + 3]!;
  return kind === Kind.func ? info & 0xff_ffff : undefined;
}

/** Variables and functions that other files may know. */
export function isNonStatic(types: TypeRecords, id: number): boolean {
  const linkage = linkageOf(types, id);
  return linkage !== undefined && linkage !== 0;
}

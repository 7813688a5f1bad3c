import {
  kindArray,
  kindDatasec,
  kindEnum,
  kindEnum64,
  kindFloat,
  kindFuncProto,
  kindInt,
  kindStruct,
  kindUnion,
} from './kind-numbers.ts';
import { kindNames } from './types.ts';

/** Kind numbers (BTF_KIND_*), for code that works on records instead of decoded types. */
export const Kind = Object.fromEntries(kindNames.map((name, number) => [name, number])) as Readonly<
  Record<(typeof kindNames)[number], number>
>;

/** Largest size that a type may have, in bytes. */
export const maxU32 = 0xffff_ffff;

/** 32-bit words of the record that every type has: name offset, info, size or type. */
export const headWords = 3;

/** Words after the head: a fixed part, and a part for each of `vlen` elements, by kind. */
const tailWords = Uint8Array.of(0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0);
const elementWords = Uint8Array.of(0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3);

export const kindOfInfo = (info: number) => (info >>> 24) & 0x7f;
export const vlenOfInfo = (info: number) => info & 0xff_ffff;

/** True for the kinds of types whose records can be read here. */
export const isKnownKind = (kind: number) => kind > 0 && kind < tailWords.length;

/** True for the kinds that only qualify another type: const, volatile, restrict, type tag. */
export function isModifierKind(kind: number): boolean {
  return kind === Kind.const || kind === Kind.volatile || kind === Kind.restrict || kind === Kind.type_tag;
}

/** True for struct and union. */
export function isComposite(kind: number): boolean {
  return kind === Kind.struct || kind === Kind.union;
}

/** Words of one element (member, value, parameter, variable) of a kind; 0 where it has none. */
export const elementSize = (kind: number) => elementWords[kind] ?? 0;

/** Words of a whole record, or undefined for kinds that are not known here. Source: Linux Documentation/bpf/btf.rst. */
export function recordWords(info: number): number | undefined {
  const kind = kindOfInfo(info);
  if (!isKnownKind(kind)) return undefined;
  return headWords + tailWords[kind]! + elementWords[kind]! * vlenOfInfo(info);
}

/** Calls `visit` with the index of every word of a record that holds a type id, in the order of libbpf's iterator. */
export function forEachTypeIdWord(words: Uint32Array, at: number, visit: (index: number) => void): void {
  const info = words[at + 1]!;
  const kind = kindOfInfo(info);
  switch (kind) {
    case Kind.array:
      visit(at + 3);
      visit(at + 4);
      return;
    case Kind.func_proto:
      visit(at + 2);
      break;
    case Kind.struct:
    case Kind.union:
    case Kind.datasec:
      break;
    case Kind.int:
    case Kind.float:
    case Kind.enum:
    case Kind.enum64:
      return;
    default:
      visit(at + 2);
      return;
  }
  const size = elementSize(kind);
  const first = at + headWords + (kind === Kind.datasec ? 0 : 1);
  for (let i = vlenOfInfo(info), index = first; i > 0; i--, index += size) visit(index);
}

/** Puts `ids[id]` in the place of each type id of the record at `at`: as `forEachTypeIdWord`, for all records of a BTF. */
export function mapTypeIds(words: Uint32Array, at: number, ids: Uint32Array): void {
  const info = words[at + 1]!;
  const count = vlenOfInfo(info);
  switch (kindOfInfo(info)) {
    case kindInt:
    case kindEnum:
    case kindFloat:
    case kindEnum64:
      return;
    case kindArray:
      words[at + 3] = ids[words[at + 3]!]!;
      words[at + 4] = ids[words[at + 4]!]!;
      return;
    case kindStruct:
    case kindUnion:
      for (let i = at + headWords + 1, end = i + count * 3; i < end; i += 3) words[i] = ids[words[i]!]!;
      return;
    case kindDatasec:
      for (let i = at + headWords, end = i + count * 3; i < end; i += 3) words[i] = ids[words[i]!]!;
      return;
    case kindFuncProto:
      words[at + 2] = ids[words[at + 2]!]!;
      for (let i = at + headWords + 1, end = i + count * 2; i < end; i += 2) words[i] = ids[words[i]!]!;
      return;
    default:
      words[at + 2] = ids[words[at + 2]!]!;
  }
}

/** Calls `visit` with the index of every word of a record that holds a string offset: its name, then its elements'. */
export function forEachStringWord(words: Uint32Array, at: number, visit: (index: number) => void): void {
  visit(at);
  const info = words[at + 1]!;
  const kind = kindOfInfo(info);
  const size = elementSize(kind);
  if (size === 0 || kind === Kind.datasec) return;
  for (let i = vlenOfInfo(info), index = at + headWords; i > 0; i--, index += size) visit(index);
}

/**
 * Layouts of kinds that the writer of a BTF knew, from its optional layout section: by kind number, the words of the
 * fixed part and of each element. Source: struct btf_layout of Linux's btf.h.
 */
export type KindLayouts = readonly (readonly [tail: number, element: number])[];

/** Words of a record of a kind that only `layouts` describes, or undefined where they do not. */
export function recordWordsByLayout(info: number, layouts: KindLayouts | undefined): number | undefined {
  const layout = layouts?.[kindOfInfo(info)];
  if (layout === undefined || !Number.isInteger(layout[0]) || !Number.isInteger(layout[1])) return undefined;
  return headWords + layout[0] + layout[1] * vlenOfInfo(info);
}

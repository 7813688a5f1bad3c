import { ParseError } from '../errors/index.ts';
import {
  kindArray,
  kindConst,
  kindDatasec,
  kindDeclTag,
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
  kindVar,
  kindVolatile,
} from './kind-numbers.ts';
import type { RecordView } from './record-view.ts';
import { elementSize, headWords, isKnownKind, Kind, kindOfInfo, vlenOfInfo } from './records.ts';
import type { BtfType } from './types.ts';

const elementNames: Readonly<Record<number, string>> = {
  [Kind.struct]: 'field name',
  [Kind.union]: 'field name',
  [Kind.enum]: 'enum name',
  [Kind.enum64]: 'enum name',
  [Kind.func_proto]: 'param name',
};

/** Kinds without a type in the head: the word holds a size, or nothing that counts. */
const withoutType = new Set(
  [Kind.int, Kind.fwd, Kind.float, Kind.array, Kind.struct, Kind.union, Kind.enum, Kind.enum64].concat([
    Kind.func_proto,
    Kind.datasec,
  ]),
);

/** A BTF whose records were, or will be, looked over once. */
export interface CheckedTypes {
  readonly base: CheckedTypes | undefined;
  readonly records: RecordView;
  /** What `problemOf` says of the records. */
  readonly problem: string | undefined;
}

/**
 * What is wrong with the first own type whose strings or references lead nowhere, in the reference's words; undefined
 * where all are sound. Source: btf_sanity_check of libbpf.
 */
export function findInvalidType(btf: CheckedTypes): string | undefined {
  return btf.problem;
}

const badId = (id: number) => `invalid referenced type ID ${id}`;
const badString = (what: string, offset: number) => `invalid ${what} (string offset ${offset})`;

/** Does the work of `findInvalidType`. */
export function problemOf(btf: RecordView): string | undefined {
  const { words, starts, typeCount, firstId } = btf;
  const limits = { typeCount, stringEnd: Math.max(btf.stringEnd, 1), firstId };
  for (let i = nextDoubtful(words, starts, 0, limits); i < starts.length; ) {
    const problem = problemAt(btf, words, starts[i]!, limits);
    if (problem !== undefined) return `btf: type [${firstId + i}]: ${problem}`;
    i = nextDoubtful(words, starts, i + 1, limits);
  }
  return undefined;
}

interface Limits {
  readonly typeCount: number;
  readonly stringEnd: number;
  readonly firstId: number;
}

/**
 * Index of the first record, from `from` on, that is not plainly sound, or their number. It looks at each word of a
 * kernel's types, so it is one loop: V8 compiles it while it runs. What it finds is looked at again, for what is wrong.
 */
function nextDoubtful(words: Uint32Array, starts: Uint32Array, from: number, limits: Limits): number {
  const { typeCount, stringEnd, firstId } = limits;
  const count = starts.length;
  for (let i = from; i < count; i++) {
    const at = starts[i]!;
    if (words[at]! >= stringEnd) return i;
    const info = words[at + 1]!;
    let next = at + headWords;
    switch ((info >>> 24) & 0x7f) {
      case kindInt:
      case kindFwd:
      case kindFloat:
        continue;
      case kindPtr:
      case kindTypedef:
      case kindVolatile:
      case kindConst:
      case kindRestrict:
      case kindVar:
      case kindDeclTag:
      case kindTypeTag:
        if (words[at + 2]! > typeCount) return i;
        continue;
      case kindFunc: {
        const prototype = words[at + 2]!;
        if (prototype < firstId || prototype > typeCount) return i;
        if (((words[starts[prototype - firstId]! + 1]! >>> 24) & 0x7f) !== kindFuncProto) return i;
        continue;
      }
      case kindArray:
        if (words[at + 3]! > typeCount || words[at + 4]! > typeCount) return i;
        continue;
      case kindStruct:
      case kindUnion:
        for (let left = info & 0xff_ffff; left > 0; left--, next += 3) {
          if (words[next]! >= stringEnd || words[next + 1]! > typeCount) return i;
        }
        continue;
      case kindFuncProto:
        for (let left = info & 0xff_ffff; left > 0; left--, next += 2) {
          if (words[next]! >= stringEnd || words[next + 1]! > typeCount) return i;
        }
        continue;
      case kindEnum:
        for (let left = info & 0xff_ffff; left > 0; left--, next += 2) if (words[next]! >= stringEnd) return i;
        continue;
      case kindEnum64:
        for (let left = info & 0xff_ffff; left > 0; left--, next += 3) if (words[next]! >= stringEnd) return i;
        continue;
      case kindDatasec:
        for (let left = info & 0xff_ffff; left > 0; left--, next += 3) if (words[next]! > typeCount) return i;
        continue;
      default:
        return i;
    }
  }
  return count;
}

function problemAt(btf: RecordView, words: Uint32Array, at: number, limits: Limits): string | undefined {
  const { typeCount, stringEnd } = limits;
  const info = words[at + 1]!;
  const kind = kindOfInfo(info);
  if (words[at]! >= stringEnd) return badString('type name', words[at]!);
  if (!isKnownKind(kind)) return undefined;
  if (!withoutType.has(kind)) {
    const id = words[at + 2]!;
    if (id > typeCount) return badId(id);
    if (kind === Kind.func && btf.kind(id) !== Kind.func_proto) {
      return `referenced type [${id}] is not FUNC_PROTO`;
    }
    return undefined;
  }
  if (kind === Kind.array) {
    if (words[at + 3]! > typeCount) return badId(words[at + 3]!);
    return words[at + 4]! > typeCount ? badId(words[at + 4]!) : undefined;
  }
  const size = elementSize(kind);
  if (size === 0) return undefined;
  const end = at + headWords + vlenOfInfo(info) * size;
  if (kind === Kind.datasec) {
    for (let i = at + headWords; i < end; i += size) if (words[i]! > typeCount) return badId(words[i]!);
    return undefined;
  }
  const hasType = kind !== Kind.enum && kind !== Kind.enum64;
  for (let i = at + headWords; i < end; i += size) {
    if (words[i]! >= stringEnd) return badString(elementNames[kind]!, words[i]!);
    if (hasType && words[i + 1]! > typeCount) return badId(words[i + 1]!);
  }
  return undefined;
}

/** Throws ParseError where a type, of the base or its own, refers to nothing. */
export function checkReferences(btf: CheckedTypes): void {
  if (btf.base !== undefined) checkReferences(btf.base);
  const { problem } = btf;
  if (problem !== undefined) throw new ParseError('BTF', 0, problem);
}

/** Throws ParseError where a type is damaged or of a kind that is not known here: its references cannot be rewritten. */
export function checkTypes(btf: CheckedTypes): void {
  if (btf.base !== undefined) checkTypes(btf.base);
  checkReferences(btf);
  const unknown = findUnknownKind(btf);
  if (unknown !== undefined) throw new ParseError('BTF', 0, unknown);
}

/** Kind, id and offset of the first own type of a kind that is not known here; undefined where there is none. */
export function findUnknownKind({ records }: Pick<CheckedTypes, 'records'>): string | undefined {
  for (let id = records.firstId; id <= records.typeCount; id++) {
    const kind = records.kind(id);
    const offset = records.typesAt + records.recordStart(id)! * 4;
    if (!isKnownKind(kind)) return `type ${id} at offset ${offset} is of kind ${kind}, which is not known here`;
  }
  return undefined;
}

/** Ids of the types a type refers to, in the order of its record. */
export function references(type: BtfType): number[] {
  switch (type.kind) {
    case 'array':
      return [type.elementTypeId, type.indexTypeId];
    case 'struct':
    case 'union':
      return type.members.map((member) => member.typeId);
    case 'func_proto':
      return [...type.params.map((param) => param.typeId), type.returnTypeId];
    case 'datasec':
      return type.vars.map((variable) => variable.typeId);
    default:
      return 'typeId' in type ? [type.typeId] : [];
  }
}

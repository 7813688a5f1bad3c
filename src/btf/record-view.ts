import { decodeUtf8 } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { parseHeader, wordsOf } from './header.ts';
import { pointerSizeOf } from './pointer-size.ts';
import {
  headWords,
  isModifierKind,
  Kind,
  type KindLayouts,
  kindOfInfo,
  recordWords,
  recordWordsByLayout,
  vlenOfInfo,
} from './records.ts';
import { alignmentOf, sizeOfType } from './type-layout.ts';
import { kindNames } from './types.ts';

const maxTypes = 0x7fffffff;
const deepestChain = 64;

/** A member of a struct or union. */
export interface RecordMember {
  readonly name: string;
  readonly typeId: number;
  readonly bitOffset: number;
  /** 0 unless a bit-field. */
  readonly bitSize: number;
}

/** A variable of a data section: its VAR (or FUNC), and where in the section it lies, in bytes. */
export interface SectionVariable {
  typeId: number;
  offset: number;
  size: number;
}

/** How BTF records are looked at. */
export interface RecordViewOptions<Base> {
  /** What a split BTF continues. */
  readonly base?: Base | undefined;
  /** Bytes of a pointer, where something else than the types says so: the class of an ELF file. */
  readonly pointerSize?: number | undefined;
}

/**
 * A BTF blob, its records read where they are: nothing is decoded before it is asked for, and nothing is kept. The
 * loader reads the kernel's hundred thousand types this way. Type ids are those of the kernel: 0 is void, a split
 * BTF continues the ids and string offsets of its base.
 */
export class RecordView {
  readonly littleEndian: boolean;
  readonly base: RecordView | undefined;
  /** Id of the first type that is not the base's. */
  readonly firstId: number;
  /** Number of types without void, those of the base included: ids are 1…typeCount. */
  readonly typeCount: number;
  /** The own type records as words of this machine; the blob's own bytes where they are aligned. */
  readonly words: Uint32Array;
  /** Index in `words` of each own record. */
  readonly starts: Uint32Array;
  /** Where type records and strings lie in the blob, bytes from its start. */
  readonly typesAt: number;
  readonly stringsAt: number;
  /** Bytes of the own strings. */
  readonly strings: Uint8Array;
  /** Offset of the first own string: offsets count through the base's. */
  readonly stringStart: number;
  /** Sizes of kinds beyond those known here, where the blob (or its base) tells them. */
  readonly layouts: KindLayouts | undefined;
  protected readonly headerSize: number;
  protected readonly layoutBytes: Uint8Array;
  protected readonly versionAndFlags: Uint8Array;
  #pointerSize: number | undefined;

  /** ParseError when the bytes are not BTF or a record reaches outside them. */
  constructor(input: Uint8Array, options: RecordViewOptions<RecordView> = {}) {
    // A plain view: the `slice` of Buffer does not copy.
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    const { base } = options;
    const header = parseHeader(bytes);
    this.littleEndian = header.littleEndian;
    this.base = base;
    this.headerSize = header.size;
    this.versionAndFlags = bytes.subarray(2, 4);
    this.layoutBytes = bytes.subarray(header.layoutsStart, header.layoutsEnd);
    this.layouts = header.layouts ?? base?.layouts;
    this.typesAt = header.typesStart;
    this.stringsAt = header.stringsStart;
    this.strings = bytes.subarray(header.stringsStart, header.stringsEnd);
    checkStrings(this.strings, { ...header, isSplit: base !== undefined });
    this.stringStart = base === undefined ? 0 : base.stringEnd;
    this.firstId = base === undefined ? 1 : base.typeCount + 1;
    this.words = wordsOf(bytes.subarray(header.typesStart, header.typesEnd), header.littleEndian);
    this.starts = findRecords(this.words, {
      size: header.typesEnd - header.typesStart,
      at: header.typesStart,
      firstId: this.firstId,
      // What a layout describes is opaque: it cannot be brought into another byte order.
      layouts: this.littleEndian ? this.layouts : undefined,
    });
    this.typeCount = this.firstId - 1 + this.starts.length;
    this.#pointerSize = options.pointerSize;
  }

  /** One past the last string offset. */
  get stringEnd(): number {
    return this.stringStart + this.strings.length;
  }

  /** Bytes of a pointer: as given, else that of the base, else the size of `long`, else 8. */
  get pointerSize(): number {
    this.#pointerSize ??= this.base === undefined ? pointerSizeOf(this) : this.base.pointerSize;
    return this.#pointerSize;
  }

  /** True for the ids of types, void not among them. */
  has(id: number): boolean {
    return id > 0 && id <= this.typeCount;
  }

  /** Index in `words` of an own record. */
  recordStart(id: number): number | undefined {
    return this.starts[id - this.firstId];
  }

  /** A word of a type's record: 0 is the name, 1 the info, 2 the size or type. ParseError where there is no such type. */
  word(id: number, index: number): number {
    if (id < this.firstId && id > 0 && this.base !== undefined) return this.base.word(id, index);
    if (id < this.firstId || id > this.typeCount) throw new ParseError('BTF', 0, `no type with id ${id}`);
    return this.words[this.starts[id - this.firstId]! + index]!;
  }

  /** BTF_KIND_*, 0 for void. */
  kind(id: number): number {
    return id === 0 ? 0 : kindOfInfo(this.word(id, 1));
  }

  kindName(id: number): string {
    return kindNames[this.kind(id)] ?? 'unknown';
  }

  /** Number of members, values, parameters or variables; linkage of a FUNC. */
  vlen(id: number): number {
    return id === 0 ? 0 : vlenOfInfo(this.word(id, 1));
  }

  kindFlag(id: number): boolean {
    return id !== 0 && this.word(id, 1) >>> 31 === 1;
  }

  nameOffset(id: number): number {
    return id === 0 ? 0 : this.word(id, 0);
  }

  name(id: number): string {
    return id === 0 ? '' : this.text(this.word(id, 0));
  }

  /** The string at a string offset. ParseError outside the strings. */
  text(offset: number): string {
    if (offset < this.stringStart) return this.base!.text(offset);
    const at = offset - this.stringStart;
    const end = this.strings.indexOf(0, at);
    if (at >= this.strings.length || end < 0) {
      if (offset === 0) return '';
      throw new ParseError('BTF', offset, 'string offset out of range');
    }
    return decodeUtf8(this.strings, at, end);
  }

  /** The third word of a record: a size or a type id, by kind. */
  sizeOrType(id: number): number {
    return this.word(id, 2);
  }

  /** `size` of a sized type, in bytes. */
  size(id: number): number {
    return this.word(id, 2);
  }

  /** The type a pointer, modifier, typedef, FUNC, FUNC_PROTO (its result), VAR or tag refers to. */
  target(id: number): number {
    return this.word(id, 2);
  }

  /** A word after the head. */
  tail(id: number, index: number): number {
    return this.word(id, headWords + index);
  }

  member(id: number, index: number): RecordMember {
    const at = headWords + index * 3;
    const where = this.word(id, at + 2);
    const flag = this.kindFlag(id);
    return {
      name: this.text(this.word(id, at)),
      typeId: this.word(id, at + 1),
      bitOffset: flag ? where & 0xff_ffff : where,
      bitSize: flag ? where >>> 24 : 0,
    };
  }

  members(id: number): RecordMember[] {
    return Array.from({ length: this.vlen(id) }, (_, index) => this.member(id, index));
  }

  array(id: number): { elementTypeId: number; length: number } {
    return { elementTypeId: this.tail(id, 0), length: this.tail(id, 2) };
  }

  intEncoding(id: number): { signed: boolean; char: boolean; bool: boolean; bits: number; offset: number } {
    const value = this.tail(id, 0);
    const encoding = (value >>> 24) & 0xf;
    return {
      signed: (encoding & 1) !== 0,
      char: (encoding & 2) !== 0,
      bool: (encoding & 4) !== 0,
      bits: value & 0xff,
      offset: (value >>> 16) & 0xff,
    };
  }

  enumValue(id: number, index: number): { name: string; value: bigint } {
    const signed = this.kindFlag(id);
    const isWide = this.kind(id) === Kind.enum64;
    const at = index * (isWide ? 3 : 2);
    const name = this.text(this.tail(id, at));
    const low = BigInt(this.tail(id, at + 1));
    const value = isWide ? low | (BigInt(this.tail(id, at + 2)) << 32n) : low;
    return { name, value: signed ? BigInt.asIntN(isWide ? 64 : 32, value) : value };
  }

  /** Linkage of a VAR: 0 static, 1 global, 2 extern. */
  varLinkage(id: number): number {
    return this.tail(id, 0);
  }

  variable(id: number, index: number): SectionVariable {
    const at = index * 3;
    return { typeId: this.tail(id, at), offset: this.tail(id, at + 1), size: this.tail(id, at + 2) };
  }

  variables(id: number): SectionVariable[] {
    return Array.from({ length: this.vlen(id) }, (_, index) => this.variable(id, index));
  }

  parameter(id: number, index: number): { nameOffset: number; typeId: number } {
    return { nameOffset: this.tail(id, index * 2), typeId: this.tail(id, index * 2 + 1) };
  }

  /** Member or parameter a declaration tag is on, -1 for the whole. */
  tagComponent(id: number): number {
    return this.tail(id, 0) | 0;
  }

  /** All ids of a kind, ascending. */
  *idsOfKind(...kinds: number[]): Generator<number> {
    for (let id = 1; id <= this.typeCount; id++) {
      if (kinds.includes(this.kind(id))) yield id;
    }
  }

  /** Skips typedefs and modifiers. A chain that does not end gives ParseError. */
  resolve(id: number): number {
    return this.#follow(id, (kind) => kind === Kind.typedef || isModifierKind(kind));
  }

  /** Skips modifiers only. */
  skipModifiers(id: number): number {
    return this.#follow(id, isModifierKind);
  }

  #follow(id: number, isPassed: (kind: number) => boolean): number {
    let current = id;
    for (let steps = 0; steps < deepestChain; steps++) {
      if (!isPassed(this.kind(current))) return current;
      current = this.target(current);
    }
    throw new ParseError('BTF', id, 'expected a type chain that ends');
  }

  /** Size in bytes; undefined for types that have none. */
  sizeOf(id: number): number | undefined {
    return sizeOfType(this, id);
  }

  /** Alignment in bytes; 0 for types that have none. */
  alignOf(id: number): number {
    return alignmentOf(this, id);
  }
}

function checkStrings(
  strings: Uint8Array,
  { stringsStart, stringsEnd, isSplit }: { stringsStart: number; stringsEnd: number; isSplit: boolean },
): void {
  const { length } = strings;
  if (length === 0 ? !isSplit : strings[length - 1] !== 0) throw bad(stringsEnd, 'strings that end with a NUL');
  if (!isSplit && strings[0] !== 0) throw bad(stringsStart, 'an empty first string');
}

/** Type records that do not fill their section; `warning` says so in libbpf's words. */
export class BtfRecordError extends ParseError {
  readonly warning: string;

  constructor(offset: number, expectation: string, warning: string) {
    super('BTF', offset, `expected ${expectation}`);
    this.warning = warning;
  }
}

interface TypeSection {
  /** Bytes of the section, and where in the blob it begins. */
  readonly size: number;
  readonly at: number;
  readonly firstId: number;
  readonly layouts: KindLayouts | undefined;
}

/** Where each record begins. ParseError at the first that is not whole or of a kind whose size nothing tells. */
function findRecords(words: Uint32Array, section: TypeSection): Uint32Array {
  // A record has three words or more, so this is enough; what is not written to costs nothing.
  const starts = new Uint32Array(Math.floor(words.length / headWords) + 1);
  const { count, at } = noteStarts(words, starts, section.layouts);
  const end = section.size / 4;
  if (at < end) {
    if (at + headWords > end) {
      throw new BtfRecordError(section.at + at * 4, 'a whole type record', 'BTF types data is malformed');
    }
    throw unknownKind(section.at + at * 4, words[at + 1]!, section.firstId + count);
  }
  if (at > end) {
    const id = section.firstId + count - 1;
    const expectation = `type ${id} to end within the type section`;
    throw new BtfRecordError(section.at + at * 4, expectation, `BTF type [${id}] is malformed`);
  }
  if (section.firstId + count > maxTypes) throw bad(section.at, `fewer than ${maxTypes} types`);
  return starts.subarray(0, count);
}

/**
 * Notes where records begin; returns how many there are and where the next would begin. Stops at what is none.
 * A function of its own, since it looks at each of a kernel's types: V8 compiles it while it runs.
 */
function noteStarts(
  words: Uint32Array,
  starts: Uint32Array,
  layouts: KindLayouts | undefined,
): { count: number; at: number } {
  let count = 0;
  let at = 0;
  const end = words.length;
  while (at + headWords <= end) {
    const info = words[at + 1]!;
    const length = recordWords(info) ?? recordWordsByLayout(info, layouts);
    if (length === undefined) break;
    starts[count++] = at;
    at += length;
  }
  return { count, at };
}

function unknownKind(offset: number, info: number, id: number): ParseError {
  const kind = kindOfInfo(info);
  const expectation = kind === 0 ? 'a kind above 0' : `a kind of known size, not ${kind}`;
  return bad(offset, `${expectation} (type id ${id}${kind === 0 ? '' : '; made by a newer compiler or kernel'})`);
}

function bad(offset: number, expectation: string): ParseError {
  return new ParseError('BTF', offset, `expected ${expectation}`);
}

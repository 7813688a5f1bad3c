import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8 } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';

/** BTF_KIND_* */
export const Kind = {
  VOID: 0,
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

const kindNames = [
  'void', 'int', 'ptr', 'array', 'struct', 'union', 'enum', 'fwd', 'typedef', 'volatile', 'const', 'restrict', 'func',
  'func_proto', 'var', 'datasec', 'float', 'decl_tag', 'type_tag', 'enum64',
]; // biome-ignore format: a table

/** Bytes of a type's record by kind, and of each of its elements; 0 for kinds that have no records. */
const recordSize = Uint8Array.of(0, 16, 12, 24, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 16, 12, 12, 16, 12, 12);
const elementSize = Uint8Array.of(0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12);

const noText = new Uint8Array(0);

const headerSize = 24;
/** Of headers that tell of a layout. */
const layoutHeaderSize = 32;
const magic = 0xeb9f;

export interface ImageMember {
  readonly name: string;
  readonly typeId: number;
  readonly bitOffset: number;
  /** 0 unless a bit-field. */
  readonly bitSize: number;
}

export interface SectionVariable {
  typeId: number;
  offset: number;
  size: number;
}

/**
 * BTF as the loader needs it: read in place, and edited in place where an object's BTF must change before the kernel
 * takes it. Type ids are those of the kernel: 0 is void, a split image continues the ids of its base.
 */
export class BtfImage {
  readonly littleEndian: boolean;
  readonly base: BtfImage | undefined;
  readonly firstId: number;
  readonly #firstString: number;
  #types: Uint8Array;
  #view: DataView;
  #strings: Uint8Array;
  #starts: Uint32Array;
  #count: number;
  readonly #headerLength: number;
  /** What newer headers tell of: sizes of kinds, for readers that do not know them. */
  readonly #layout: Uint8Array;
  /** The bytes are the caller's: copied before the first change. */
  #isBorrowed = true;
  /** The types as words, for scans. */
  #words: Uint32Array;

  /** ParseError when the bytes are not BTF or a type reaches outside them. */
  constructor(input: Uint8Array, base?: BtfImage) {
    // A plain view: the `slice` of Buffer does not copy.
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    if (bytes.length < headerSize) throw new ParseError('BTF', 0, `expected a header of ${headerSize} bytes`);
    this.littleEndian = bytes[0] === 0x9f;
    const reader = new ByteReader(bytes, { format: 'BTF', littleEndian: this.littleEndian });
    if (reader.u16() !== magic) throw reader.error('the BTF magic', 0);
    if (reader.u8() !== 1) throw reader.error('BTF version 1', 2);
    reader.skip(1);
    const headerLength = reader.u32();
    if (headerLength < headerSize || headerLength > bytes.length) throw reader.error('a header inside the data', 4);
    const [typesAt, typesLength, stringsAt, stringsLength] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
    const [layoutAt, layoutLength] = headerLength >= layoutHeaderSize ? [reader.u32(), reader.u32()] : [0, 0];
    if (headerLength + layoutAt + layoutLength > bytes.length) throw reader.error('the layout inside the data', 24);
    this.#headerLength = headerLength;
    this.#layout = bytes.subarray(headerLength + layoutAt, headerLength + layoutAt + layoutLength);
    if (typesAt % 4 !== 0) throw reader.error('types aligned to 4 bytes', 8);
    if (headerLength + typesAt + typesLength > bytes.length) throw reader.error('types inside the data', 8);
    if (headerLength + stringsAt + stringsLength > bytes.length) throw reader.error('strings inside the data', 16);
    this.#types = bytes.subarray(headerLength + typesAt, headerLength + typesAt + typesLength);
    this.#strings = bytes.subarray(headerLength + stringsAt, headerLength + stringsAt + stringsLength);
    if (!base && (stringsLength === 0 || this.#strings[0] !== 0)) throw reader.error('strings that begin with NUL', 16);
    if (stringsLength > 0 && this.#strings[stringsLength - 1] !== 0)
      throw reader.error('strings that end with NUL', 16);
    this.#view = new DataView(bytes.buffer, this.#types.byteOffset, typesLength);
    this.#words = wordsOf(this.#types, this.littleEndian);
    this.base = base;
    this.firstId = base ? base.typeCount : 1;
    this.#firstString = base ? base.stringsEnd : 0;
    this.#starts = new Uint32Array(Math.floor(typesLength / 12) + 1);
    this.#count = noteStarts(this.#words, this.#starts);
    const at = this.#starts[this.#count]!;
    const typesStart = headerLength + typesAt;
    if (at > typesLength) throw reader.error('a whole type record', typesStart + typesLength);
    if (at < typesLength) {
      if (typesLength - at < 12) throw reader.error('a whole type record', typesStart + at);
      throw reader.error(`a known kind, not ${(this.#words[(at >> 2) + 1]! >>> 24) & 0x1f}`, typesStart + at);
    }
  }

  /** One more than the largest id. */
  get typeCount(): number {
    return this.firstId + this.#count;
  }

  get stringsEnd(): number {
    return this.#firstString + this.#strings.length;
  }

  has(id: number): boolean {
    return id > 0 && id < this.typeCount;
  }

  text(offset: number): string {
    if (offset < this.#firstString) return this.base!.text(offset);
    const at = offset - this.#firstString;
    const end = this.#strings.indexOf(0, at);
    if (at >= this.#strings.length || end < 0) throw new ParseError('BTF', offset, 'string offset out of range');
    return decodeUtf8(this.#strings, at, end);
  }

  kind(id: number): number {
    return id === 0 ? 0 : (this.#u32(id, 4) >>> 24) & 0x1f;
  }

  kindName(id: number): string {
    return kindNames[this.kind(id)] ?? 'unknown';
  }

  /** Number of members, values, parameters or variables; linkage of a FUNC. */
  vlen(id: number): number {
    return id === 0 ? 0 : this.#u32(id, 4) & 0xffff;
  }

  kindFlag(id: number): boolean {
    return id !== 0 && this.#u32(id, 4) >>> 31 === 1;
  }

  nameOffset(id: number): number {
    return id === 0 ? 0 : this.#u32(id, 0);
  }

  name(id: number): string {
    return id === 0 ? '' : this.text(this.#u32(id, 0));
  }

  /** `size` of a sized type. */
  size(id: number): number {
    return this.#u32(id, 8);
  }

  /** The type a pointer, modifier, typedef, FUNC, FUNC_PROTO (its result), VAR or tag refers to. */
  target(id: number): number {
    return this.#u32(id, 8);
  }

  member(id: number, index: number): ImageMember {
    const at = 12 + index * 12;
    const offset = this.#u32(id, at + 8);
    const flag = this.kindFlag(id);
    return {
      name: this.text(this.#u32(id, at)),
      typeId: this.#u32(id, at + 4),
      bitOffset: flag ? offset & 0xffffff : offset,
      bitSize: flag ? offset >>> 24 : 0,
    };
  }

  /** Index of the first member, from `from` on, with this name (UTF-8) or without one; their number if there is none. */
  nextMemberNamed(id: number, from: number, text: Uint8Array): number {
    if (id < this.firstId && this.base !== undefined) return this.base.nextMemberNamed(id, from, text);
    const count = this.vlen(id);
    const words = this.#words;
    const strings = this.#strings;
    const names = (this.#starts[id - this.firstId]! >> 2) + 3;
    for (let index = from; index < count; index++) {
      const offset = words[names + index * 3]!;
      const head = strings[offset - this.#firstString];
      // Names that are the base's have none here.
      if (head !== undefined && head !== 0 && head !== text[0]) continue;
      if (this.textIs(offset, text) || this.textIs(offset, noText)) return index;
    }
    return count;
  }

  members(id: number): ImageMember[] {
    return Array.from({ length: this.vlen(id) }, (_, index) => this.member(id, index));
  }

  array(id: number): { elementTypeId: number; length: number } {
    return { elementTypeId: this.#u32(id, 12), length: this.#u32(id, 20) };
  }

  intEncoding(id: number): { signed: boolean; char: boolean; bool: boolean; bits: number; offset: number } {
    const value = this.#u32(id, 12);
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
    if (this.kind(id) === Kind.ENUM64) {
      const at = 12 + index * 12;
      const value = BigInt(this.#u32(id, at + 4)) | (BigInt(this.#u32(id, at + 8)) << 32n);
      return { name: this.text(this.#u32(id, at)), value: signed ? BigInt.asIntN(64, value) : value };
    }
    const at = 12 + index * 8;
    const value = BigInt(this.#u32(id, at + 4));
    return { name: this.text(this.#u32(id, at)), value: signed ? BigInt.asIntN(32, value) : value };
  }

  /** Linkage of a VAR: 0 static, 1 global, 2 extern. */
  varLinkage(id: number): number {
    return this.#u32(id, 12);
  }

  setVarLinkage(id: number, linkage: number): void {
    this.#setU32(id, 12, linkage);
  }

  variable(id: number, index: number): SectionVariable {
    const at = 12 + index * 12;
    return { typeId: this.#u32(id, at), offset: this.#u32(id, at + 4), size: this.#u32(id, at + 8) };
  }

  variables(id: number): SectionVariable[] {
    return Array.from({ length: this.vlen(id) }, (_, index) => this.variable(id, index));
  }

  setVariables(id: number, variables: readonly SectionVariable[]): void {
    variables.forEach((variable, index) => {
      const at = 12 + index * 12;
      this.#setU32(id, at, variable.typeId);
      this.#setU32(id, at + 4, variable.offset);
      this.#setU32(id, at + 8, variable.size);
    });
  }

  parameter(id: number, index: number): { nameOffset: number; typeId: number } {
    const at = 12 + index * 8;
    return { nameOffset: this.#u32(id, at), typeId: this.#u32(id, at + 4) };
  }

  setParameter(id: number, index: number, parameter: { nameOffset: number; typeId: number }): void {
    this.#setU32(id, 12 + index * 8, parameter.nameOffset);
    this.#setU32(id, 16 + index * 8, parameter.typeId);
  }

  /** Member or parameter a declaration tag is on, -1 for the whole. */
  tagComponent(id: number): number {
    return this.#u32(id, 12) | 0;
  }

  setSize(id: number, size: number): void {
    this.#setU32(id, 8, size);
  }

  setTarget(id: number, target: number): void {
    this.#setU32(id, 8, target);
  }

  setNameOffset(id: number, offset: number): void {
    this.#setU32(id, 0, offset);
  }

  setInfo(id: number, info: { kind: number; vlen: number; kindFlag?: boolean }): void {
    this.#setU32(id, 4, ((info.kindFlag ? 0x80000000 : 0) | (info.kind << 24) | info.vlen) >>> 0);
  }

  /** Overwrites a 32-bit word of the type's record; 12 is the first after the fixed part. */
  setWord(id: number, at: number, value: number): void {
    this.#setU32(id, at, value);
  }

  /** Replaces single characters of the string at `offset` in place. */
  replaceCharacters(offset: number, replace: (character: number, index: number) => number): void {
    this.#own();
    let at = offset - this.#firstString;
    for (let index = 0; this.#strings[at] !== 0 && at < this.#strings.length; at++, index++) {
      this.#strings[at] = replace(this.#strings[at]!, index);
    }
  }

  /** Appends a string, or finds it; returns its offset. */
  addString(text: string): number {
    const encoded = encodeUtf8(text);
    const known = this.#stringOffset(text);
    if (known !== undefined) return known;
    this.#own();
    const strings = new Uint8Array(this.#strings.length + encoded.length + 1);
    strings.set(this.#strings);
    strings.set(encoded, this.#strings.length);
    const offset = this.stringsEnd;
    this.#strings = strings;
    return offset;
  }

  /** Appends a type whose record after the first 12 bytes is `words`; returns its id. */
  addType(type: {
    name?: string;
    kind: number;
    vlen?: number;
    sizeOrTarget: number;
    words?: readonly number[];
  }): number {
    const words = type.words ?? [];
    const nameOffset = type.name ? this.addString(type.name) : 0;
    this.#own();
    const at = this.#types.length;
    const types = new Uint8Array(at + 12 + words.length * 4);
    types.set(this.#types);
    this.#types = types;
    this.#view = new DataView(types.buffer);
    this.#words = wordsOf(types, this.littleEndian);
    const starts = new Uint32Array(this.#count + 2);
    starts.set(this.#starts.subarray(0, this.#count));
    starts[this.#count] = at;
    this.#starts = starts;
    const id = this.firstId + this.#count++;
    this.setNameOffset(id, nameOffset);
    this.setInfo(id, { kind: type.kind, vlen: type.vlen ?? 0 });
    this.#setU32(id, 8, type.sizeOrTarget);
    words.forEach((word, index) => void this.#setU32(id, 12 + index * 4, word >>> 0));
    return id;
  }

  /** Skips typedefs and modifiers. A chain that does not end gives ParseError. */
  resolve(id: number): number {
    let current = id;
    for (let steps = 0; steps < 64; steps++) {
      const kind = this.kind(current);
      if (!isModifier(kind) && kind !== Kind.TYPEDEF) return current;
      current = this.target(current);
    }
    throw new ParseError('BTF', id, 'expected a type chain that ends');
  }

  /** Skips modifiers only. */
  skipModifiers(id: number): number {
    let current = id;
    for (let steps = 0; steps < 64; steps++) {
      if (!isModifier(this.kind(current))) return current;
      current = this.target(current);
    }
    throw new ParseError('BTF', id, 'expected a type chain that ends');
  }

  /** Size in bytes; undefined for types that have none. */
  sizeOf(id: number): number | undefined {
    let current = id;
    let elements = 1;
    for (let steps = 0; steps < 64 && this.has(current); steps++) {
      const kind = this.kind(current);
      switch (kind) {
        case Kind.INT:
        case Kind.STRUCT:
        case Kind.UNION:
        case Kind.ENUM:
        case Kind.ENUM64:
        case Kind.DATASEC:
        case Kind.FLOAT:
          return bounded(this.size(current) * elements);
        case Kind.PTR:
          return bounded(8 * elements);
        case Kind.ARRAY: {
          const array = this.array(current);
          elements *= array.length;
          current = array.elementTypeId;
          break;
        }
        case Kind.VAR:
        case Kind.DECL_TAG:
        case Kind.TYPEDEF:
          current = this.target(current);
          break;
        default:
          if (!isModifier(kind)) return undefined;
          current = this.target(current);
      }
    }
    return undefined;
  }

  /** Alignment in bytes; 0 for types that have none. */
  alignOf(id: number, depth = 0): number {
    if (depth > 32) return 0;
    switch (this.kind(id)) {
      case Kind.INT:
      case Kind.ENUM:
      case Kind.ENUM64:
      case Kind.FLOAT:
        return Math.min(8, this.size(id));
      case Kind.PTR:
        return 8;
      case Kind.TYPEDEF:
      case Kind.VOLATILE:
      case Kind.CONST:
      case Kind.RESTRICT:
      case Kind.TYPE_TAG:
        return this.alignOf(this.target(id), depth + 1);
      case Kind.ARRAY:
        return this.alignOf(this.array(id).elementTypeId, depth + 1);
      case Kind.STRUCT:
      case Kind.UNION: {
        let largest = 1;
        for (const member of this.members(id)) {
          const alignment = this.alignOf(member.typeId, depth + 1);
          if (alignment <= 0) return alignment;
          largest = Math.max(largest, alignment);
          // A packed struct: an offset that its member's alignment does not divide.
          if (member.bitSize === 0 && member.bitOffset % (8 * alignment) !== 0) return 1;
        }
        return this.size(id) % largest !== 0 ? 1 : largest;
      }
      default:
        return 0;
    }
  }

  /** Whether the string at `offset` is `text` (UTF-8, without NUL). */
  textIs(offset: number, text: Uint8Array): boolean {
    if (offset < this.#firstString) return this.base!.textIs(offset, text);
    return this.#textBegins(offset, text) && this.#strings[offset - this.#firstString + text.length] === 0;
  }

  /** Offset of a string equal to `text`. */
  #stringOffset(text: string): number | undefined {
    const known = this.base === undefined ? undefined : this.base.#stringOffset(text);
    if (known !== undefined) return known;
    const needle = encodeUtf8(text);
    if (needle.length === 0) return 0;
    const haystack = Buffer.from(this.#strings.buffer, this.#strings.byteOffset, this.#strings.length);
    for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
      if (haystack[at + needle.length] === 0) return at + this.#firstString;
    }
    return undefined;
  }

  /** Ids of all types whose names begin with one of these texts (none empty), ascending, the base's first. */
  idsThatBegin(texts: readonly string[]): number[] {
    const ids = this.base?.idsThatBegin(texts) ?? [];
    const wanted = texts.map((text) => encodeUtf8(text));
    const wantedHashes = new Uint8Array(headHashes);
    for (const [a, b, c] of wanted) {
      if (b === undefined || c === undefined) wantedHashes.fill(1);
      else wantedHashes[hashOfHead(a!, b, c)] = 1;
    }
    const names = { words: this.#words, starts: this.#starts, strings: this.#strings, first: this.#firstString };
    const next = (from: number) => nextWithHead(names, wantedHashes, from, this.#count);
    for (let index = next(0); index < this.#count; index = next(index + 1)) {
      const offset = this.#words[this.#starts[index]! >> 2]!;
      if (wanted.some((text) => this.#textBegins(offset, text))) ids.push(this.firstId + index);
    }
    return ids;
  }

  #textBegins(offset: number, text: Uint8Array): boolean {
    if (offset < this.#firstString) return this.base!.#textBegins(offset, text);
    const at = offset - this.#firstString;
    for (let i = 0; i < text.length; i++) if (this.#strings[at + i] !== text[i]) return false;
    return true;
  }

  /** Ids of all types of that name, ascending, the base's first. */
  idsNamed(name: string): number[] {
    if (name === '') return [];
    const text = encodeUtf8(name);
    return this.idsThatBegin([name]).filter((id) => this.textIs(this.nameOffset(id), text));
  }

  /** Id of the first type of that name (and kind), 0 if there is none. */
  find(name: string, kind?: number): number {
    return this.idsNamed(name).find((id) => kind === undefined || this.kind(id) === kind) ?? 0;
  }

  /** All ids of a kind, ascending. */
  *idsOfKind(...kinds: number[]): Generator<number> {
    for (let id = 1; id < this.typeCount; id++) {
      if (kinds.includes(this.kind(id))) yield id;
    }
  }

  /** As `finish`, with a header as long as it was, and the layout it tells of. */
  finishAsGiven(): Uint8Array {
    const writer = new ByteWriter({ littleEndian: this.littleEndian, capacity: headerSize + this.#types.length });
    const { length } = this.#types;
    const layout = this.#layout;
    writer.u16(magic).u8(1).u8(0).u32(this.#headerLength);
    writer
      .u32(0)
      .u32(length)
      .u32(length + layout.length)
      .u32(this.#strings.length);
    if (layout.length > 0) writer.u32(length).u32(layout.length);
    writer.pad(this.#headerLength - writer.length);
    return writer.bytes(this.#types).bytes(layout).bytes(this.#strings).finish();
  }

  /** The BTF as bytes: the first header that BTF had, types, strings. */
  finish(): Uint8Array {
    const writer = new ByteWriter({ littleEndian: this.littleEndian, capacity: headerSize + this.#types.length });
    writer.u16(magic).u8(1).u8(0).u32(headerSize);
    writer.u32(0).u32(this.#types.length).u32(this.#types.length).u32(this.#strings.length);
    return writer.bytes(this.#types).bytes(this.#strings).finish();
  }

  /** An independent copy. */
  clone(): BtfImage {
    return new BtfImage(this.finishAsGiven(), this.base);
  }

  #u32(id: number, at: number): number {
    if (id < this.firstId) {
      if (this.base && id > 0) return this.base.#u32(id, at);
      throw new ParseError('BTF', 0, `no type with id ${id}`);
    }
    const start = this.#starts[id - this.firstId];
    if (start === undefined || id >= this.typeCount) throw new ParseError('BTF', 0, `no type with id ${id}`);
    return this.#view.getUint32(start + at, this.littleEndian);
  }

  #own(): void {
    if (!this.#isBorrowed) return;
    this.#isBorrowed = false;
    this.#types = this.#types.slice();
    this.#strings = this.#strings.slice();
    this.#view = new DataView(this.#types.buffer);
    this.#words = wordsOf(this.#types, this.littleEndian);
  }

  #setU32(id: number, at: number, value: number): void {
    this.#own();
    const start = this.#starts[id - this.firstId];
    if (start === undefined || id >= this.typeCount) throw new ParseError('BTF', 0, `no type with id ${id}`);
    this.#view.setUint32(start + at, value, this.littleEndian);
    this.#words[(start + at) >> 2] = value;
  }
}

// What looks at each of the hundred thousand types of a kernel is a small function of its own, which V8 compiles while it runs.

/** Notes where records begin, and after the last where the next would; returns how many there are. Stops at what is none. */
function noteStarts(words: Uint32Array, starts: Uint32Array): number {
  let count = 0;
  let at = 0;
  const end = words.length * 4;
  while (at + 12 <= end) {
    const info = words[(at >> 2) + 1]!;
    const kind = (info >>> 24) & 0x1f;
    const size = recordSize[kind];
    if (!size) break;
    starts[count++] = at;
    at += size + elementSize[kind]! * (info & 0xffff);
  }
  starts[count] = at;
  return count;
}

const headHashes = 4096;

/** Of a name's first three bytes: few other names share it. */
function hashOfHead(a: number, b: number, c: number): number {
  return (a + (b << 4) + (c << 7)) % headHashes;
}

/** Types and the strings that are their own, which begin at `first`. */
interface Names {
  readonly words: Uint32Array;
  readonly starts: Uint32Array;
  readonly strings: Uint8Array;
  readonly first: number;
}

/** Index of the next type, from `from` on, whose name's head has a wanted hash or is not among the strings; or `end`. */
function nextWithHead(names: Names, wanted: Uint8Array, from: number, end: number): number {
  const { words, starts, strings, first } = names;
  for (let index = from; index < end; index++) {
    const offset = words[starts[index]! >> 2]!;
    if (offset === 0) continue;
    const at = offset - first;
    if (
      at < 0 ||
      at + 2 >= strings.length ||
      wanted[hashOfHead(strings[at]!, strings[at + 1]!, strings[at + 2]!)] === 1
    )
      return index;
  }
  return end;
}

/** True for volatile, const, restrict and type tags. */
export function isModifier(kind: number): boolean {
  return kind === Kind.VOLATILE || kind === Kind.CONST || kind === Kind.RESTRICT || kind === Kind.TYPE_TAG;
}

/** True for struct and union. */
export function isComposite(kind: number): boolean {
  return kind === Kind.STRUCT || kind === Kind.UNION;
}

function bounded(size: number): number | undefined {
  return size <= 0xffffffff ? size : undefined;
}

/** Aligned little-endian bytes are their own words; others are read into new ones. */
function wordsOf(bytes: Uint8Array, littleEndian: boolean): Uint32Array {
  const count = bytes.length >> 2;
  if (littleEndian && bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: count }, (_, index) => view.getUint32(index * 4, littleEndian));
}

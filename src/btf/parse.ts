import { decodeUtf8 } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { decodeType } from './decode.ts';
import { TypeGraph } from './graph.ts';
import { RecordView } from './record-view.ts';
import type { KindLayouts } from './records.ts';
import type { BtfKind, BtfType } from './types.ts';
import { problemOf } from './validate.ts';

/** Names that are searched for in the strings before all are indexed, which costs as much as some thirty searches. */
const maxSearches = 8;

const voidType: BtfType = { kind: 'void', id: 0, name: 'void' };

/** What parsing needs besides the bytes. */
export interface BtfOptions {
  /** What a split BTF (a kernel module's) continues. */
  base?: Btf | undefined;
  /**
   * Bytes of a pointer, 4 or 8, where something else than the types says so: the class of an ELF file. Otherwise it is
   * that of the base, else the size of `long`, else 8.
   */
  pointerSize?: number | undefined;
}

/**
 * A parsed BTF blob. Types are decoded when asked for. A split BTF continues the ids and strings of `base`.
 * The constructor throws ParseError as `parseBtf` does.
 */
export class Btf {
  /** What a split BTF continues. */
  readonly base: Btf | undefined;
  /** The blob itself. */
  readonly bytes: Uint8Array;
  /** Where type records and strings lie in `bytes`. */
  readonly typesStart: number;
  readonly stringsStart: number;
  readonly stringsSize: number;
  /** @internal The records, undecoded. */
  readonly records: RecordView;
  readonly #types: (BtfType | undefined)[] = [];
  readonly #str = (offset: number) => this.str(offset);
  #graph: TypeGraph | undefined;
  #problem: { found: string | undefined } | undefined;
  #byName: Map<string, number[]> | undefined;
  /** Names looked for without an index. */
  #searches = 0;
  #strings: Strings | undefined;
  #allStrings: Uint8Array | undefined;
  #stringOffsets: Map<string, number> | undefined;

  constructor(bytes: Uint8Array, options: BtfOptions = {}) {
    const { base, pointerSize } = options;
    const records = new RecordView(bytes, { base: base?.records, pointerSize });
    this.records = records;
    this.bytes = bytes;
    this.base = base;
    this.typesStart = records.typesAt;
    this.stringsStart = records.stringsAt;
    this.stringsSize = records.strings.length;
  }

  /** Byte order of the blob. */
  get littleEndian(): boolean {
    return this.records.littleEndian;
  }

  /** Number of types without void, those of the base included: ids are 1…typeCount. */
  get typeCount(): number {
    return this.records.typeCount;
  }

  /** Id of the first type that is not the base's. */
  get firstId(): number {
    return this.records.firstId;
  }

  /** Bytes of a pointer in the programs these types describe. */
  get pointerSize(): number {
    return this.records.pointerSize;
  }

  /** @internal The own type records as 32-bit words of this machine's byte order. */
  get words(): Uint32Array {
    return this.records.words;
  }

  /** @internal Sizes of kinds beyond those known here, where the blob (or its base) tells them. */
  get layouts(): KindLayouts | undefined {
    return this.records.layouts;
  }

  /** The offset of the first own string, and one past the last: string offsets count through the base's strings. */
  get stringStart(): number {
    return this.records.stringStart;
  }

  get stringEnd(): number {
    return this.records.stringEnd;
  }

  /** The type with this id, or undefined where there is none. Throws ParseError where its record is damaged. */
  typeById(id: number): BtfType | undefined {
    if (id === 0) return voidType;
    if (id < this.firstId) return this.base?.typeById(id);
    const index = id - this.firstId;
    const known = this.#types[index];
    if (known !== undefined) return known;
    const start = this.records.starts[index];
    if (start === undefined) return undefined;
    const type = decodeType(this.records.words, start, id, this.#str);
    this.#types[index] = type;
    return type;
  }

  /** As `typeById`, but an id without a type is a ParseError. */
  mustType(id: number): BtfType {
    const type = this.typeById(id);
    if (type === undefined) throw bad(0, `type ${id}, there are ${this.typeCount}`);
    return type;
  }

  /** The string at a string offset. Throws ParseError outside the section. */
  str(offset: number): string {
    if (offset < this.stringStart) return this.base!.str(offset);
    const { text, isAscii } = this.#stringsAt(offset);
    const at = offset - this.stringStart;
    const end = text.indexOf('\0', at);
    if (isAscii) return text.slice(at, end < 0 ? undefined : end);
    const start = this.stringsStart + at;
    return decodeUtf8(this.bytes, start, end < 0 ? start : this.stringsStart + end);
  }

  /** @internal As `str`, but one character for each byte, so that strings are equal exactly where their bytes are. */
  stringKey(offset: number): string {
    if (offset < this.stringStart) return this.base!.stringKey(offset);
    const { text } = this.#stringsAt(offset);
    const at = offset - this.stringStart;
    const end = text.indexOf('\0', at);
    return text.slice(at, end < 0 ? undefined : end);
  }

  /** @internal The bytes of all strings, those of the base first: string offsets are indexes. */
  get strings(): Uint8Array {
    this.#allStrings ??= joined(
      this.base?.strings,
      this.bytes.subarray(this.stringsStart, this.stringsStart + this.stringsSize),
    );
    return this.#allStrings;
  }

  /** @internal The bytes of the string at a string offset, without its NUL. Throws ParseError outside the section. */
  stringBytes(offset: number): Uint8Array {
    return this.strings.subarray(offset, offset + this.stringKey(offset).length);
  }

  /**
   * @internal The first offset of a string (given as `stringKey` gives it), the base's strings before the own ones.
   */
  stringOffset(key: string): number | undefined {
    const inBase = this.base?.stringOffset(key);
    if (inBase !== undefined) return inBase;
    this.#stringOffsets ??= this.#indexStrings();
    return this.#stringOffsets.get(key);
  }

  /** @internal Throws ParseError for an offset that is not within the strings, the base's included. */
  checkString(offset: number): void {
    if (offset >= this.stringEnd && offset !== 0) {
      throw bad(this.stringsStart, `a string offset below ${this.stringEnd}, not ${offset}`);
    }
  }

  #stringsAt(offset: number): Strings {
    this.checkString(offset);
    this.#strings ??= decodeStrings(this.bytes.subarray(this.stringsStart, this.stringsStart + this.stringsSize));
    return this.#strings;
  }

  #indexStrings(): Map<string, number> {
    const found = new Map<string, number>();
    if (this.stringsSize === 0) return found;
    const { text } = this.#stringsAt(this.stringStart);
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf('\0', at);
      const key = text.slice(at, end);
      if (!found.has(key)) found.set(key, this.stringStart + at);
      at = end + 1;
    }
    return found;
  }

  /** The first type with this name (of this kind), own types before the base's. */
  findByName(name: string, kind?: BtfKind): BtfType | undefined {
    for (const id of this.idsByName(name)) {
      const type = this.typeById(id)!;
      if (kind === undefined || type.kind === kind) return type;
    }
    return this.base?.findByName(name, kind);
  }

  /** Ids of this blob's own types with this name, ascending. */
  idsByName(name: string): readonly number[] {
    if (this.#byName === undefined) {
      const offsets = this.#searches++ < maxSearches ? this.#offsetsOf(name) : undefined;
      if (offsets !== undefined) return this.#idsNamedAt(offsets);
      this.#byName = this.#indexNames();
    }
    return this.#byName.get(name) ?? [];
  }

  /** Every offset at which the strings, the base's included, have this one; undefined where searching does not do. */
  #offsetsOf(name: string): Set<number> | undefined {
    const offsets = this.base === undefined ? new Set<number>() : this.base.#offsetsOf(name);
    if (offsets === undefined || name === '' || name.includes('\0')) return undefined;
    if (this.stringsSize === 0) return offsets;
    const { text, isAscii } = this.#stringsAt(this.stringStart);
    if (!isAscii) return undefined;
    const whole = `${name}\0`;
    for (let at = text.indexOf(whole); at >= 0; at = text.indexOf(whole, at + 1)) offsets.add(this.stringStart + at);
    return offsets;
  }

  #idsNamedAt(offsets: ReadonlySet<number>): number[] {
    const ids: number[] = [];
    if (offsets.size === 0) return ids;
    const [only] = offsets.size === 1 ? offsets : [];
    for (let index = 0; index < this.records.starts.length; index++) {
      const offset = this.words[this.records.starts[index]!]!;
      if (only === undefined ? offsets.has(offset) : offset === only) ids.push(this.firstId + index);
    }
    return ids;
  }

  /** Offset of a type's record within `bytes`; own types only. */
  recordOffset(id: number): number | undefined {
    const start = this.records.starts[id - this.firstId];
    return start === undefined ? undefined : this.typesStart + start * 4;
  }

  /** @internal Index of a type's record within `words`; own types only. */
  recordStart(id: number): number | undefined {
    return this.records.starts[id - this.firstId];
  }

  /** @internal The records of all types, the base's included, for work on many of them. */
  get graph(): TypeGraph {
    this.#graph ??= TypeGraph.of(this.records);
    return this.#graph;
  }

  /** @internal As `findInvalidType` of this blob, found once. */
  get problem(): string | undefined {
    this.#problem ??= { found: problemOf(this.records) };
    return this.#problem.found;
  }

  /** @internal BTF_KIND_* number of a type, undecoded; 0 for void, undefined where there is no such type. */
  kindNumber(id: number): number | undefined {
    return id === 0 || this.records.has(id) ? this.records.kind(id) : undefined;
  }

  /** All types but void, those of the base first. Throws ParseError at one whose record is damaged. */
  *types(): Generator<BtfType> {
    for (let id = 1; id <= this.typeCount; id++) yield this.mustType(id);
  }

  #indexNames(): Map<string, number[]> {
    const map = new Map<string, number[]>();
    for (let index = 0; index < this.records.starts.length; index++) {
      const nameOffset = this.words[this.records.starts[index]!]!;
      if (nameOffset === 0) continue;
      const name = this.str(nameOffset);
      const ids = map.get(name);
      if (ids === undefined) map.set(name, [this.firstId + index]);
      else ids.push(this.firstId + index);
    }
    return map;
  }
}

/**
 * Parses raw BTF (the content of a `.BTF` section or of /sys/kernel/btf/NAME), either byte order.
 * `base` is what a split BTF (a kernel module's) continues. Throws ParseError. Source: Linux Documentation/bpf/btf.rst.
 */
export function parseBtf(bytes: Uint8Array, options: BtfOptions = {}): Btf {
  return new Btf(bytes, options);
}

/** All strings as one text of as many characters as there are bytes; names are slices of it where it is ASCII. */
interface Strings {
  readonly text: string;
  readonly isAscii: boolean;
}

function joined(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  if (first === undefined) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function decodeStrings(bytes: Uint8Array): Strings {
  const text = decodeUtf8(bytes);
  if (text.length === bytes.length && !text.includes('\ufffd')) return { text, isAscii: true };
  return { text: new TextDecoder('windows-1252').decode(bytes), isAscii: false };
}

function bad(offset: number, expectation: string): ParseError {
  return new ParseError('BTF', offset, `expected ${expectation}`);
}

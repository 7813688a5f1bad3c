import { decodeUtf8, hostIsLittleEndian } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { decodeType } from './decode.ts';
import { TypeGraph } from './graph.ts';
import { parseHeader } from './header.ts';
import { headWords, type KindLayouts, kindOfInfo, recordWords, recordWordsByLayout } from './records.ts';
import type { BtfKind, BtfType } from './types.ts';
import { problemOf } from './validate.ts';

const maxTypes = 0x7fffffff;
/** Names that are searched for in the strings before all are indexed, which costs as much as some thirty searches. */
const maxSearches = 8;

const voidType: BtfType = { kind: 'void', id: 0, name: 'void' };

/**
 * A parsed BTF blob. Types are decoded when asked for. A split BTF continues the ids and strings of `base`.
 * The constructor throws ParseError as `parseBtf` does.
 */
export class Btf {
  /** Byte order of the blob. */
  readonly littleEndian: boolean;
  /** What a split BTF continues. */
  readonly base: Btf | undefined;
  /** The blob itself. */
  readonly bytes: Uint8Array;
  /** Number of types without void, those of the base included: ids are 1…typeCount. */
  readonly typeCount: number;
  /** Id of the first type that is not the base's. */
  readonly firstId: number;
  /** Where type records and strings lie in `bytes`. */
  readonly typesStart: number;
  readonly stringsStart: number;
  readonly stringsSize: number;
  /** @internal The own type records as 32-bit words of this machine's byte order; a copy. */
  readonly words: Uint32Array;
  /** @internal Sizes of kinds beyond those known here, where the blob (or its base) tells them. */
  readonly layouts: KindLayouts | undefined;
  readonly #firstString: number;
  readonly #starts: Uint32Array;
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

  constructor(bytes: Uint8Array, options: { base?: Btf | undefined } = {}) {
    const { base } = options;
    const header = parseHeader(bytes);
    const { stringsStart, stringsEnd } = header;
    this.bytes = bytes;
    this.base = base;
    this.littleEndian = header.littleEndian;
    this.typesStart = header.typesStart;
    this.stringsStart = stringsStart;
    this.stringsSize = stringsEnd - stringsStart;
    this.layouts = header.layouts ?? base?.layouts;
    if (this.stringsSize === 0 ? base === undefined : bytes[stringsEnd - 1] !== 0) {
      throw bad(stringsEnd, 'strings that end with a NUL');
    }
    if (base === undefined && bytes[stringsStart] !== 0) throw bad(stringsStart, 'an empty first string');
    this.#firstString = base === undefined ? 0 : base.stringEnd;
    this.firstId = base === undefined ? 1 : base.typeCount + 1;
    this.words = wordsOf(bytes.subarray(header.typesStart, header.typesEnd), header.littleEndian);
    this.#starts = this.#index(header.typesEnd - header.typesStart);
    this.typeCount = this.firstId - 1 + this.#starts.length;
  }

  /** The offset of the first own string, and one past the last: string offsets count through the base's strings. */
  get stringStart(): number {
    return this.#firstString;
  }

  get stringEnd(): number {
    return this.#firstString + this.stringsSize;
  }

  /** The type with this id, or undefined where there is none. Throws ParseError where its record is damaged. */
  typeById(id: number): BtfType | undefined {
    if (id === 0) return voidType;
    if (id < this.firstId) return this.base?.typeById(id);
    const index = id - this.firstId;
    const known = this.#types[index];
    if (known !== undefined) return known;
    const start = this.#starts[index];
    if (start === undefined) return undefined;
    const type = decodeType(this.words, start, id, this.#str);
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
    if (offset < this.#firstString) return this.base!.str(offset);
    const { text, isAscii } = this.#stringsAt(offset);
    const at = offset - this.#firstString;
    const end = text.indexOf('\0', at);
    if (isAscii) return text.slice(at, end < 0 ? undefined : end);
    const start = this.stringsStart + at;
    return decodeUtf8(this.bytes, start, end < 0 ? start : this.stringsStart + end);
  }

  /** @internal As `str`, but one character for each byte, so that strings are equal exactly where their bytes are. */
  stringKey(offset: number): string {
    if (offset < this.#firstString) return this.base!.stringKey(offset);
    const { text } = this.#stringsAt(offset);
    const at = offset - this.#firstString;
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
    const { text } = this.#stringsAt(this.#firstString);
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf('\0', at);
      const key = text.slice(at, end);
      if (!found.has(key)) found.set(key, this.#firstString + at);
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
    const { text, isAscii } = this.#stringsAt(this.#firstString);
    if (!isAscii) return undefined;
    const whole = `${name}\0`;
    for (let at = text.indexOf(whole); at >= 0; at = text.indexOf(whole, at + 1)) offsets.add(this.#firstString + at);
    return offsets;
  }

  #idsNamedAt(offsets: ReadonlySet<number>): number[] {
    const ids: number[] = [];
    if (offsets.size === 0) return ids;
    const [only] = offsets.size === 1 ? offsets : [];
    for (let index = 0; index < this.#starts.length; index++) {
      const offset = this.words[this.#starts[index]!]!;
      if (only === undefined ? offsets.has(offset) : offset === only) ids.push(this.firstId + index);
    }
    return ids;
  }

  /** Offset of a type's record within `bytes`; own types only. */
  recordOffset(id: number): number | undefined {
    const start = this.#starts[id - this.firstId];
    return start === undefined ? undefined : this.typesStart + start * 4;
  }

  /** @internal Index of a type's record within `words`; own types only. */
  recordStart(id: number): number | undefined {
    return this.#starts[id - this.firstId];
  }

  /** @internal The records of all types, the base's included, for work on many of them. */
  get graph(): TypeGraph {
    this.#graph ??= TypeGraph.of(this);
    return this.#graph;
  }

  /** @internal As `findInvalidType` of this blob, found once. */
  get problem(): string | undefined {
    this.#problem ??= { found: problemOf(this) };
    return this.#problem.found;
  }

  /** @internal BTF_KIND_* number of a type, undecoded; 0 for void, undefined where there is no such type. */
  kindNumber(id: number): number | undefined {
    if (id === 0) return 0;
    if (id < this.firstId) return this.base?.kindNumber(id);
    const start = this.#starts[id - this.firstId];
    return start === undefined ? undefined : kindOfInfo(this.words[start + 1]!);
  }

  /** All types but void, those of the base first. Throws ParseError at one whose record is damaged. */
  *types(): Generator<BtfType> {
    for (let id = 1; id <= this.typeCount; id++) yield this.mustType(id);
  }

  /** Finds where each record begins. `size` is that of the type section in bytes. */
  #index(size: number): Uint32Array {
    const { words, typesStart } = this;
    const end = size / 4;
    let starts = new Uint32Array(Math.max(16, Math.ceil(end / 6)));
    let count = 0;
    for (let at = 0; at < end; ) {
      if (at + headWords > end) throw bad(typesStart + at * 4, 'a whole type record');
      const info = words[at + 1]!;
      // What a layout describes is opaque: it cannot be brought into another byte order.
      const length = recordWords(info) ?? (this.littleEndian ? recordWordsByLayout(info, this.layouts) : undefined);
      if (length === undefined) throw unknownKind(typesStart + at * 4, info, this.firstId + count);
      if (count === starts.length) {
        const larger = new Uint32Array(count * 2);
        larger.set(starts);
        starts = larger;
      }
      starts[count++] = at;
      at += length;
      if (at > end) {
        throw bad(typesStart + at * 4, `type ${this.firstId + count - 1} to end within the type section`);
      }
    }
    if (this.firstId + count > maxTypes) throw bad(typesStart, `fewer than ${maxTypes} types`);
    return starts.subarray(0, count);
  }

  #indexNames(): Map<string, number[]> {
    const map = new Map<string, number[]>();
    for (let index = 0; index < this.#starts.length; index++) {
      const nameOffset = this.words[this.#starts[index]!]!;
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
export function parseBtf(bytes: Uint8Array, options: { base?: Btf | undefined } = {}): Btf {
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

function wordsOf(bytes: Uint8Array, littleEndian: boolean): Uint32Array {
  const words = new Uint32Array(bytes.length >>> 2);
  new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
  if (littleEndian !== hostIsLittleEndian) {
    const view = new DataView(words.buffer);
    for (let i = 0; i < words.length; i++) words[i] = view.getUint32(i * 4, littleEndian);
  }
  return words;
}

function unknownKind(offset: number, info: number, id: number): ParseError {
  const kind = kindOfInfo(info);
  const expectation = kind === 0 ? 'a kind above 0' : `a kind of known size, not ${kind}`;
  return bad(offset, `${expectation} (type id ${id}${kind === 0 ? '' : '; made by a newer compiler or kernel'})`);
}

function bad(offset: number, expectation: string): ParseError {
  return new ParseError('BTF', offset, `expected ${expectation}`);
}

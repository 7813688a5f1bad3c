import { encodeUtf8 } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { writeBtf } from './header.ts';
import { RecordView, type RecordViewOptions, type SectionVariable } from './record-view.ts';
import { headWords } from './records.ts';

/** A type to append; `tail` are the words of its record after the first three. */
export interface NewRecord {
  readonly name?: string;
  /** BTF_KIND_* */
  readonly kind: number;
  readonly vlen?: number;
  readonly sizeOrType: number;
  readonly tail?: readonly number[];
}

/**
 * BTF whose records may be changed in place and added to, which the loader does before the kernel takes an object's.
 * The bytes it was made from stay as they are: the first change copies them. Types of a base cannot be changed.
 */
export class BtfEdit extends RecordView {
  declare typeCount: number;
  declare words: Uint32Array;
  declare starts: Uint32Array;
  declare strings: Uint8Array;
  #isOwn = false;

  /** ParseError as for RecordView. Pointers of BPF programs have 8 bytes, whatever the types say. */
  constructor(bytes: Uint8Array, options: RecordViewOptions<RecordView> = {}) {
    super(bytes, { pointerSize: 8, ...options });
  }

  setVarLinkage(id: number, linkage: number): void {
    this.setWord(id, headWords, linkage);
  }

  setVariables(id: number, variables: readonly SectionVariable[]): void {
    variables.forEach((variable, index) => {
      const at = headWords + index * 3;
      this.setWord(id, at, variable.typeId);
      this.setWord(id, at + 1, variable.offset);
      this.setWord(id, at + 2, variable.size);
    });
  }

  setParameter(id: number, index: number, parameter: { nameOffset: number; typeId: number }): void {
    this.setWord(id, headWords + index * 2, parameter.nameOffset);
    this.setWord(id, headWords + index * 2 + 1, parameter.typeId);
  }

  setNameOffset(id: number, offset: number): void {
    this.setWord(id, 0, offset);
  }

  setInfo(id: number, info: { kind: number; vlen: number; kindFlag?: boolean }): void {
    this.setWord(id, 1, infoWord(info));
  }

  setSize(id: number, size: number): void {
    this.setWord(id, 2, size);
  }

  setTarget(id: number, target: number): void {
    this.setWord(id, 2, target);
  }

  /** Overwrites a word of an own type's record; 3 is the first after the head. */
  setWord(id: number, index: number, value: number): void {
    this.#own();
    const start = this.recordStart(id);
    if (start === undefined) throw new ParseError('BTF', 0, `no type with id ${id} to change`);
    this.words[start + index] = value;
  }

  /** Replaces single characters of the own string at `offset`, in place. */
  replaceCharacters(offset: number, replace: (character: number, index: number) => number): void {
    this.#own();
    let at = offset - this.stringStart;
    for (let index = 0; this.strings[at] !== 0 && at < this.strings.length; at++, index++) {
      this.strings[at] = replace(this.strings[at]!, index);
    }
  }

  /** Appends a string, or finds it; returns its offset. */
  addString(text: string): number {
    const known = stringOffset(this, text);
    if (known !== undefined) return known;
    return this.addStrings([text])[0]!;
  }

  /** Appends strings that are not looked for among those there are; returns their offsets. */
  addStrings(texts: readonly string[]): number[] {
    const encoded = texts.map((text) => encodeUtf8(`${text}\0`));
    const strings = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, this.strings.length));
    strings.set(this.strings);
    this.#own();
    let at = this.strings.length;
    const offsets = encoded.map((bytes) => {
      strings.set(bytes, at);
      at += bytes.length;
      return this.stringStart + at - bytes.length;
    });
    this.strings = strings;
    return offsets;
  }

  /** Appends a type; returns its id. */
  addType({ name, kind, vlen = 0, sizeOrType, tail = [] }: NewRecord): number {
    const nameOffset = name ? this.addString(name) : 0;
    const { length: at } = this.words;
    const words = new Uint32Array(at + headWords + tail.length);
    words.set(this.words);
    words.set([nameOffset, infoWord({ kind, vlen }), sizeOrType], at);
    words.set(tail, at + headWords);
    this.#own();
    this.words = words;
    const starts = new Uint32Array(this.starts.length + 1);
    starts.set(this.starts);
    starts[this.starts.length] = at;
    this.starts = starts;
    return ++this.typeCount;
  }

  /** The BTF as bytes with the first header that BTF had, which all kernels take: types and strings only. */
  finish(): Uint8Array {
    const { words, strings, littleEndian, versionAndFlags } = this;
    return writeBtf({ words, strings, littleEndian, versionAndFlags });
  }

  /** The BTF as bytes, with a header as long as it was, and the layouts of kinds it tells of. */
  finishAsGiven(): Uint8Array {
    const { words, strings, littleEndian, headerSize, layoutBytes: layouts, versionAndFlags } = this;
    return writeBtf({ words, strings, littleEndian, headerSize, layouts, versionAndFlags });
  }

  /** An independent copy. */
  clone(): BtfEdit {
    return new BtfEdit(this.finishAsGiven(), { base: this.base, pointerSize: this.pointerSize });
  }

  #own(): void {
    if (this.#isOwn) return;
    this.#isOwn = true;
    this.words = this.words.slice();
    this.strings = this.strings.slice();
  }
}

function infoWord({ kind, vlen, kindFlag = false }: { kind: number; vlen: number; kindFlag?: boolean }): number {
  return ((kindFlag ? 0x80000000 : 0) | (kind << 24) | vlen) >>> 0;
}

/** Offset of a string equal to `text`, the base's before the own ones. */
function stringOffset(types: RecordView, text: string): number | undefined {
  const known = types.base === undefined ? undefined : stringOffset(types.base, text);
  if (known !== undefined) return known;
  if (text === '') return 0;
  const needle = encodeUtf8(`${text}\0`);
  const { strings } = types;
  // The strings end with a NUL.
  for (let at = 0; at < strings.length; at = strings.indexOf(0, at) + 1) {
    if (startsAt(strings, at, needle)) return types.stringStart + at;
  }
  return undefined;
}

function startsAt(bytes: Uint8Array, at: number, needle: Uint8Array): boolean {
  if (at + needle.length > bytes.length) return false;
  for (let i = 0; i < needle.length; i++) if (bytes[at + i] !== needle[i]) return false;
  return true;
}

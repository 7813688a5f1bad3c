import { kindDatasec, type RecordView } from '../btf/index.ts';
import { type StringSet, textAt } from './strings.ts';
import { linkageOf, type TypeRecords } from './type-records.ts';

const sectionWords = 3;

/** A place where BTF tells of a name: a type of that name, or a variable of a section that has it. */
type Mention = { readonly typeId: number; readonly sectionId: number };

/** What BTF says of a global or extern symbol. `sectionId` is that of its DATASEC, 0 if it is in none. */
export interface SymbolTypes {
  readonly typeId: number;
  readonly sectionId: number;
}

/** The types of one input. Its records may be edited: they are a copy. */
export class SourceTypes implements TypeRecords {
  readonly words: Uint32Array;
  readonly starts: Uint32Array;
  readonly typeCount: number;
  /** One past the last string offset. */
  readonly stringEnd: number;
  readonly stringBytes: Uint8Array;
  /** String offset → that among the linked strings; 0 for those that were not asked for yet. */
  readonly #linkedStrings: Uint32Array;
  /** Strings from here up to `#runEnd` are among the linked ones in the same order, `#runShift` further on. */
  #runStart = 0;
  #runEnd = 0;
  #runShift = 0;
  /** Ids of what other files may know, and of sections: variables and functions that are not static, DATASECs. Filled by checkSource. */
  readonly notable: number[] = [];
  /** The same types for those who read definitions of maps. */
  readonly records: RecordView;
  #mentions: Map<string, Mention[]> | undefined;

  constructor(records: RecordView) {
    const { words, starts, typeCount, strings } = records;
    // Void is a record of zeros, behind the others, so that they stay where they are.
    this.words = new Uint32Array(words.length + sectionWords);
    this.words.set(words);
    this.starts = new Uint32Array(typeCount + 1);
    this.starts[0] = words.length;
    this.starts.set(starts, 1);
    this.typeCount = typeCount;
    this.stringEnd = strings.length;
    this.stringBytes = strings;
    this.#linkedStrings = new Uint32Array(Math.max(strings.length, 1));
    this.records = records;
  }

  text(offset: number): string {
    return textAt(this.stringBytes, offset);
  }

  /** The offset of a string among the linked ones, which gain it where it is new. */
  linkedString(offset: number, linked: StringSet): number {
    if (offset >= this.#runStart && offset < this.#runEnd && this.stringBytes[offset - 1] === 0) {
      return offset + this.#runShift;
    }
    if (offset === 0) return 0;
    const known = this.#linkedStrings[offset]!;
    if (known !== 0) return known;
    const { length } = linked;
    const added = linked.add(this.stringBytes, offset);
    this.#linkedStrings[offset] = added;
    // Files that use the same types name the same things one after the other.
    if (added !== 0 && added < length) {
      this.#runStart = offset;
      this.#runShift = added - offset;
      this.#runEnd = offset + linked.commonRun(this.stringBytes, offset, added);
    }
    return added;
  }

  /**
   * What BTF says of a global or extern symbol, or the two types between which it does not decide; undefined where it says
   * nothing. Functions and externs need be in no section. Source: find_glob_sym_btf of libbpf.
   */
  ofSymbol(name: string): SymbolTypes | { readonly ambiguous: readonly [number, number] } | undefined {
    this.#mentions ??= this.#findMentions();
    let typeId = 0;
    for (const mention of this.#mentions.get(name) ?? []) {
      if (mention.sectionId === 0) {
        typeId = mention.typeId;
      } else if (typeId !== 0 && typeId !== mention.typeId) {
        return { ambiguous: [typeId, mention.typeId] };
      } else {
        return mention;
      }
    }
    return typeId === 0 ? undefined : { typeId, sectionId: 0 };
  }

  #findMentions(): Map<string, Mention[]> {
    const found = new Map<string, Mention[]>();
    const add = (typeId: number, sectionId: number) => {
      const name = this.text(this.words[this.starts[typeId]!]!);
      const list = found.get(name);
      if (list === undefined) found.set(name, [{ typeId, sectionId }]);
      else list.push({ typeId, sectionId });
    };
    const { words, starts } = this;
    for (const id of this.notable) {
      const start = starts[id]!;
      const info = words[start + 1]!;
      if (((info >>> 24) & 0x7f) !== kindDatasec) {
        add(id, 0);
        continue;
      }
      for (let i = info & 0xff_ffff, at = start + 3; i > 0; i--, at += sectionWords) {
        const typeId = words[at]!;
        if (linkageOf(this, typeId) !== 0) add(typeId, id);
      }
    }
    return found;
  }
}

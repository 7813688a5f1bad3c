import { type Btf, elementSize, Kind, type RecordView } from '../btf/index.ts';
import { isNonStatic, linkageOf, type TypeRecords } from './type-records.ts';

const elementTypeWord = 0;

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
  readonly #btf: Btf;
  #mentions: Map<string, Mention[]> | undefined;

  constructor(btf: Btf) {
    // A copy of the records already, and nobody else's.
    const graph = btf.graph;
    this.words = graph.words;
    this.starts = graph.starts;
    this.typeCount = graph.typeCount;
    this.stringEnd = btf.stringEnd;
    this.#btf = btf;
  }

  /** The same types for those who read definitions of maps. */
  get records(): RecordView {
    return this.#btf.records;
  }

  text(offset: number): string {
    return this.#btf.stringKey(offset);
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
    for (let id = 1; id <= this.typeCount; id++) {
      const start = this.starts[id]!;
      const info = this.words[start + 1]!;
      const kind = (info >>> 24) & 0x7f;
      if (isNonStatic(this, id)) add(id, 0);
      if (kind !== Kind.datasec) continue;
      const size = elementSize(kind);
      for (let i = info & 0xff_ffff, at = start + 3; i > 0; i--, at += size) {
        const typeId = this.words[at + elementTypeWord]!;
        if (linkageOf(this, typeId) !== 0) add(typeId, id);
      }
    }
    return found;
  }
}

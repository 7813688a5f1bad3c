import {
  currentHeaderSize,
  elementSize,
  forEachStringWord,
  headWords,
  Kind,
  RecordView,
  recordWords,
  writeBtf,
} from '../btf/index.ts';
import { StringSet } from './strings.ts';
import { infoOf, type TypeRecords } from './type-records.ts';
import { WordBuffer } from './words.ts';

/** The types of the output while it is put together; ids are final only after deduplication. */
export class LinkedTypes implements TypeRecords {
  readonly strings = new StringSet();
  readonly #buffer = new WordBuffer();
  readonly #starts = new WordBuffer();
  #view: { readonly typeCount: number; readonly btf: RecordView } | undefined;

  constructor() {
    // Void: a record of zeros.
    this.#starts.reserve(1);
    this.#buffer.reserve(headWords);
  }

  get words(): Uint32Array {
    return this.#buffer.words;
  }

  get starts(): Uint32Array {
    return this.#starts.words;
  }

  get typeCount(): number {
    return this.#starts.length - 1;
  }

  text(offset: number): string {
    return this.strings.text(offset);
  }

  /** Appends a copy of a type; its strings go through `mapString`, the ids in it stay those of the source. */
  add(source: TypeRecords, id: number, mapString: (offset: number) => number): number {
    const start = source.starts[id]!;
    const length = recordWords(infoOf(source, id))!;
    const at = this.#buffer.append(source.words.subarray(start, start + length));
    const { words } = this.#buffer;
    forEachStringWord(words, at, (i) => {
      words[i] = mapString(words[i]!);
    });
    return this.#number(at);
  }

  /** Appends the type of a section and its variables, each of `[type, offset, size]`. */
  addSection(name: string, size: number, variables: readonly (readonly [number, number, number])[]): void {
    const at = this.#buffer.reserve(headWords + variables.length * elementSize(Kind.datasec));
    const { words } = this.#buffer;
    words.set([this.strings.add(name), (Kind.datasec << 24) | variables.length, size], at);
    for (const [i, variable] of variables.entries()) words.set(variable, at + headWords + i * variable.length);
    this.#number(at);
  }

  /** A function that carries strings of an input over, each looked up once. */
  stringMapper(source: TypeRecords & { readonly stringEnd: number }): (offset: number) => number {
    const known = new Uint32Array(source.stringEnd);
    return (offset) => {
      const mapped = known[offset]!;
      if (mapped !== 0) return mapped;
      const added = this.strings.add(source.text(offset));
      known[offset] = added;
      return added;
    };
  }

  /** The same types for those who read definitions of maps. */
  get records(): RecordView {
    if (this.#view?.typeCount !== this.typeCount) {
      this.#view = {
        typeCount: this.typeCount,
        btf: new RecordView(this.assemble({ littleEndian: true }), { pointerSize: 8 }),
      };
    }
    return this.#view.btf;
  }

  /** The blob as it is now. */
  assemble(options: { littleEndian: boolean }): Uint8Array {
    return writeBtf({
      words: this.#buffer.words.subarray(headWords, this.#buffer.length),
      strings: this.strings.finish(),
      littleEndian: options.littleEndian,
      headerSize: currentHeaderSize,
    });
  }

  #number(at: number): number {
    const index = this.#starts.reserve(1);
    this.#starts.words[index] = at;
    return index;
  }
}

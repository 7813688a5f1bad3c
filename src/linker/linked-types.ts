// BTF as 32-bit words, as `struct btf_type` and what follows it have no other size. A type's words are the offset of
// its name, its info (kind, flag, count), and a size or the id of another type.
import {
  currentHeaderSize,
  elementSize,
  headWords,
  Kind,
  kindArray,
  kindDatasec,
  kindEnum,
  kindEnum64,
  kindFloat,
  kindFuncProto,
  kindInt,
  kindStruct,
  kindUnion,
  RecordView,
  recordWords,
  writeBtf,
} from '../btf/index.ts';
import type { SourceTypes } from './source-types.ts';
import { StringSet } from './strings.ts';
import type { TypeRecords } from './type-records.ts';
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

  /**
   * Appends copies of the types that `ids` gives the next ids in their order, with strings and ids as they are here.
   * Returns the first id of the source that `ids` has none for, 0 if all have one.
   */
  addAll(source: SourceTypes, ids: Uint32Array): number {
    const { words, starts, typeCount } = source;
    const strings = this.strings;
    const first = this.#buffer.reserve(words.length);
    const out = this.#buffer.words;
    const outStarts = this.#starts;
    let unknown = 0;
    let next = this.typeCount + 1;
    let to = first;
    for (let id = 1; id <= typeCount; id++) {
      if (ids[id] !== next) continue;
      next++;
      const at = starts[id]!;
      const info = words[at + 1]!;
      const kind = (info >>> 24) & 0x7f;
      outStarts.push(to);
      const name = words[at]!;
      out[to] = name === 0 ? 0 : source.linkedString(name, strings);
      out[to + 1] = info;
      const third = words[at + 2]!;
      out[to + 2] = third;
      let i = at + headWords;
      let o = to + headWords;
      const count = info & 0xff_ffff;
      switch (kind) {
        case kindInt:
          out[o++] = words[i]!;
          break;
        case kindFloat:
          break;
        case kindStruct:
        case kindUnion:
          for (let end = i + count * 3; i < end; i += 3, o += 3) {
            const member = words[i]!;
            out[o] = member === 0 ? 0 : source.linkedString(member, strings);
            const type = words[i + 1]!;
            const mapped = ids[type]!;
            if (mapped === 0 && type !== 0 && unknown === 0) unknown = type;
            out[o + 1] = mapped;
            out[o + 2] = words[i + 2]!;
          }
          break;
        case kindEnum:
        case kindEnum64: {
          // An enum64 has its value in two words.
          const size = kind === kindEnum ? 2 : 3;
          for (let end = i + count * size; i < end; i += size, o += size) {
            const value = words[i]!;
            out[o] = value === 0 ? 0 : source.linkedString(value, strings);
            out[o + 1] = words[i + 1]!;
            if (size === 3) out[o + 2] = words[i + 2]!;
          }
          break;
        }
        case kindArray:
          // `struct btf_array`: element type, index type, number of elements.
          for (let word = 0; word < 2; word++) {
            const type = words[i + word]!;
            const mapped = ids[type]!;
            if (mapped === 0 && type !== 0 && unknown === 0) unknown = type;
            out[o + word] = mapped;
          }
          out[o + 2] = words[i + 2]!;
          o += 3;
          break;
        default: {
          const mapped = ids[third]!;
          // The third word of a forward declaration is no id; it is zero.
          if (mapped === 0 && third !== 0 && unknown === 0) unknown = third;
          out[to + 2] = mapped;
          if (kind === kindFuncProto) {
            for (let end = i + count * 2; i < end; i += 2, o += 2) {
              const parameter = words[i]!;
              out[o] = parameter === 0 ? 0 : source.linkedString(parameter, strings);
              const type = words[i + 1]!;
              const id = ids[type]!;
              if (id === 0 && type !== 0 && unknown === 0) unknown = type;
              out[o + 1] = id;
            }
          } else {
            // Variables and tags on declarations have a word more.
            for (let left = recordWords(info)! - headWords; left > 0; left--) out[o++] = words[i++]!;
          }
        }
      }
      to = o;
    }
    this.#buffer.length = to;
    return unknown;
  }

  /** Appends the type of a section and its variables, each of `[type, offset, size]`. */
  addSection(name: string, size: number, variables: readonly (readonly [number, number, number])[]): void {
    const at = this.#buffer.reserve(headWords + variables.length * elementSize(Kind.datasec));
    const { words } = this.#buffer;
    words.set([this.strings.addText(name), (kindDatasec << 24) | variables.length, size], at);
    for (const [i, variable] of variables.entries()) words.set(variable, at + headWords + i * variable.length);
    this.#starts.push(at);
  }

  /** The same types for those who read definitions of maps. */
  get records(): RecordView {
    if (this.#view?.typeCount !== this.typeCount) {
      const words = this.#buffer.words.subarray(headWords, this.#buffer.length);
      this.#view = {
        typeCount: this.typeCount,
        btf: new RecordView(this.assemble(words, { littleEndian: true }), { pointerSize: 8 }),
      };
    }
    return this.#view.btf;
  }

  /** A blob of these records with the strings that are here. */
  assemble(words: Uint32Array, options: { littleEndian: boolean }): Uint8Array {
    return writeBtf({
      words,
      strings: this.strings.finish(),
      littleEndian: options.littleEndian,
      headerSize: currentHeaderSize,
    });
  }
}

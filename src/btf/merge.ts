import { ParseError } from '../errors/index.ts';
import { currentHeaderSize, writeBtf } from './header.ts';
import type { Btf } from './parse.ts';
import { forEachStringWord, forEachTypeIdWord } from './records.ts';
import { StringPool, stringMapper } from './string-pool.ts';
import { checkTypes } from './validate.ts';

/**
 * Puts the types of several BTFs one after another, with ids and strings rewritten; nothing is deduplicated but strings.
 * Inputs may be split on `base`, and then the result is too. Source: btf__add_btf of libbpf.
 */
export class BtfMerger {
  readonly #base: Btf | undefined;
  readonly #littleEndian: boolean;
  readonly #strings: StringPool;
  readonly #parts: Uint32Array[] = [];
  #nextId: number;

  constructor(options: { base?: Btf | undefined; littleEndian?: boolean } = {}) {
    this.#base = options.base;
    this.#littleEndian = options.littleEndian ?? options.base?.littleEndian ?? true;
    this.#strings = new StringPool(options.base);
    this.#nextId = (options.base?.typeCount ?? 0) + 1;
  }

  /**
   * Adds all own types of `btf` and returns the id that its first one gets. Throws ParseError where a type is damaged,
   * of a kind that is not known here, or where `btf` is split on something else than the base.
   */
  add(btf: Btf): number {
    if (btf.base !== undefined && btf.base !== this.#base) {
      throw new ParseError('BTF', 0, 'a split BTF can be merged only over its own base');
    }
    checkTypes(btf);
    const words = btf.words.slice();
    const mapString = stringMapper(this.#strings, btf);
    const shift = this.#nextId - btf.firstId;
    for (let id = btf.firstId; id <= btf.typeCount; id++) {
      const at = btf.recordStart(id)!;
      forEachStringWord(words, at, (i) => {
        if (words[i]! >= btf.stringStart) words[i] = mapString(words[i]!);
      });
      forEachTypeIdWord(words, at, (i) => {
        if (words[i]! >= btf.firstId) words[i]! += shift;
      });
    }
    this.#parts.push(words);
    const first = this.#nextId;
    this.#nextId += btf.typeCount - btf.firstId + 1;
    return first;
  }

  /** The whole blob: header, types, strings. */
  finish(): Uint8Array {
    const words = new Uint32Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      words.set(part, at);
      at += part.length;
    }
    return writeBtf({
      words,
      strings: this.#strings.finish(),
      littleEndian: this.#littleEndian,
      headerSize: currentHeaderSize,
    });
  }
}

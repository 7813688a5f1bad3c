import type { Btf } from '../parse.ts';
import { elementSize, headWords, kindOf, kindOfInfo, vlenOfInfo } from '../records.ts';

/** All records of a BTF and its bases in one array of words, by id; void is a record of zeros. Own records may be edited. */
export class TypeGraph {
  readonly words: Uint32Array;
  /** Id → index of its record. */
  readonly starts: Uint32Array;
  readonly firstId: number;
  readonly lastId: number;

  constructor(btf: Btf) {
    const parts: Btf[] = [];
    for (let part: Btf | undefined = btf; part !== undefined; part = part.base) parts.unshift(part);
    this.words = new Uint32Array(parts.reduce((sum, part) => sum + part.words.length, headWords));
    this.starts = new Uint32Array(btf.typeCount + 1);
    this.firstId = btf.firstId;
    this.lastId = btf.typeCount;
    let at = headWords;
    for (const part of parts) {
      this.words.set(part.words, at);
      for (let id = part.firstId; id <= part.typeCount; id++) this.starts[id] = at + part.recordStart(id)!;
      at += part.words.length;
    }
  }

  name(id: number): number {
    return this.words[this.starts[id]!]!;
  }

  info(id: number): number {
    return this.words[this.starts[id]! + 1]!;
  }

  /** The type that a reference stands for, or the size of what has one. */
  sizeOrType(id: number): number {
    return this.words[this.starts[id]! + 2]!;
  }

  kind(id: number): number {
    return kindOfInfo(this.info(id));
  }

  vlen(id: number): number {
    return vlenOfInfo(this.info(id));
  }

  /** A word after the head. */
  tail(id: number, word: number): number {
    return this.words[this.starts[id]! + headWords + word]!;
  }

  isEnum(id: number): boolean {
    const kind = this.kind(id);
    return kind === kindOf.enum || kind === kindOf.enum64;
  }

  isComposite(id: number): boolean {
    const kind = this.kind(id);
    return kind === kindOf.struct || kind === kindOf.union;
  }

  sameHead(a: number, b: number): boolean {
    return this.name(a) === this.name(b) && this.info(a) === this.info(b) && this.sizeOrType(a) === this.sizeOrType(b);
  }

  /** Equal elements, the word `skip` of each left out. The types must be of one kind and length. */
  sameElements(a: number, b: number, skip: number | undefined): boolean {
    const size = elementSize(this.kind(a));
    const { words } = this;
    const [startA, startB] = [this.starts[a]! + headWords, this.starts[b]! + headWords];
    for (let i = this.vlen(a) * size - 1; i >= 0; i--) {
      if (words[startA + i] !== words[startB + i] && i % size !== skip) return false;
    }
    return true;
  }
}

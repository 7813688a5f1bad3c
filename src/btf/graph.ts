import { elementSize, headWords, isComposite, Kind, kindOfInfo, vlenOfInfo } from './records.ts';

/** What a graph is made of: the records of one blob, from `firstId` on. */
export interface RecordSource {
  readonly base: RecordSource | undefined;
  readonly firstId: number;
  readonly typeCount: number;
  /** Bytes of a pointer. */
  readonly pointerSize: number;
  readonly words: Uint32Array;
  /** Index in `words` of each record. */
  readonly starts: Uint32Array;
}

type GraphParts = Pick<TypeGraph, 'words' | 'starts' | 'firstId' | 'typeCount' | 'pointerSize'>;

/** All records of a BTF and its bases in one array of words, by id; void is a record of zeros. */
export class TypeGraph {
  readonly words: Uint32Array;
  /** Id → index of its record. */
  readonly starts: Uint32Array;
  /** Id of the first type that is not a base's. */
  readonly firstId: number;
  /** Number of types without void: the last id. */
  readonly typeCount: number;
  /** Bytes of a pointer. */
  readonly pointerSize: number;

  private constructor(parts: GraphParts) {
    this.words = parts.words;
    this.starts = parts.starts;
    this.firstId = parts.firstId;
    this.typeCount = parts.typeCount;
    this.pointerSize = parts.pointerSize;
  }

  static of(source: RecordSource): TypeGraph {
    const parts: RecordSource[] = [];
    for (let part: RecordSource | undefined = source; part !== undefined; part = part.base) parts.unshift(part);
    const words = new Uint32Array(parts.reduce((sum, part) => sum + part.words.length, headWords));
    const starts = new Uint32Array(source.typeCount + 1);
    let at = 0;
    for (const part of parts) {
      words.set(part.words, at);
      starts.set(part.starts, part.firstId);
      if (at > 0) for (let id = part.firstId; id <= part.typeCount; id++) starts[id]! += at;
      at += part.words.length;
    }
    // Void comes last, so that the records of the first blob are where they were.
    starts[0] = at;
    const { firstId, typeCount, pointerSize } = source;
    return new TypeGraph({ words, starts, firstId, typeCount, pointerSize });
  }

  /** A graph of records that are together already, the first being void's. Its words are those given. */
  static over({ words, starts, typeCount }: Pick<TypeGraph, 'words' | 'starts' | 'typeCount'>): TypeGraph {
    return new TypeGraph({ words, starts, typeCount, firstId: 1, pointerSize: 8 });
  }

  /** A graph whose words may be edited. */
  copy(): TypeGraph {
    return new TypeGraph({ ...this, words: this.words.slice() });
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

  kindFlag(id: number): boolean {
    return this.info(id) >>> 31 === 1;
  }

  /** Index in `words` of the first element (member, value, parameter, variable) of a type that has some. */
  elements(id: number): number {
    return this.starts[id]! + headWords;
  }

  isEnum(id: number): boolean {
    const kind = this.kind(id);
    return kind === Kind.enum || kind === Kind.enum64;
  }

  isComposite(id: number): boolean {
    return isComposite(this.kind(id));
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

/** The type that a chain element refers to, for the kinds that take their place in a C header from it. */
export function referred(graph: TypeGraph, id: number): number | undefined {
  switch (graph.kind(id)) {
    case Kind.array:
      return graph.tail(id, 0);
    case Kind.type_tag:
    case Kind.const:
    case Kind.ptr:
    case Kind.volatile:
    case Kind.restrict:
    case Kind.typedef:
    case Kind.decl_tag:
      return graph.sizeOrType(id);
    default:
      return undefined;
  }
}

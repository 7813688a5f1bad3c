import { ParseError } from '../errors/index.ts';
import { bpf_core_relo_kind } from '../uapi/index.ts';
import { currentHeaderSize, writeBtf } from './header.ts';
import type { TypeGraph } from './graph.ts';
import type { Btf } from './parse.ts';
import { forEachStringWord, forEachTypeIdWord, Kind, recordWords } from './records.ts';
import { StringPool, stringMapper } from './string-pool.ts';
import { kindNames } from './types.ts';
import { checkReferences } from './validate.ts';

/** What one CO-RE relocation needs of a target: a type of its BTF, and the way to a field or enumerator in it. */
export interface CoreUse {
  /** A `bpf_core_relo_kind`. */
  readonly kind: number;
  readonly rootId: number;
  /** Indexes of the access, the first counting whole values of the root, anonymous members included. */
  readonly access: readonly number[];
}

/** A type that a minimal BTF cannot hold; `words` say so as bpftool does. */
export class UnsupportedKindError extends ParseError {
  readonly words: string;

  constructor(expectation: string, words: string) {
    super('BTF', 0, expectation);
    this.words = words;
  }
}

const firstMemberBits = 0xff_ffff;

/** A walk over the types that one type needs. */
interface Walk {
  readonly seen: Set<number>;
  readonly followPointers: boolean;
}

/** How a type is part of the one before: a struct behind a pointer needs no members. */
const Reached = { directly: 0, byPointer: 1 } as const;
type Reached = (typeof Reached)[keyof typeof Reached];

/**
 * Makes the smallest BTF that CO-RE relocations of some objects need of a target's: of structs only the members that
 * fields are reached through, of pointers nothing behind them, whole enums. Source: `gen min_core_btf` of bpftool.
 */
export class BtfMinimizer {
  readonly #source: Btf;
  readonly #graph: TypeGraph;
  readonly #types = new Set<number>();
  /** Struct or union → indexes of the members that stay. */
  readonly #members = new Map<number, Set<number>>();

  /** `source` is the target's whole BTF, such as a kernel's. Throws ParseError where its types are damaged. */
  constructor(source: Btf) {
    checkReferences(source);
    this.#source = source;
    this.#graph = source.graph;
  }

  /** Notes what one relocation needs. Throws ParseError where it does not fit the types. */
  add({ kind, rootId, access }: CoreUse): void {
    const { BPF_CORE_TYPE_ID_LOCAL, BPF_CORE_TYPE_MATCHES } = bpf_core_relo_kind;
    if (rootId > this.#graph.typeCount)
      throw new ParseError('BTF', 0, `type ${rootId}, there are ${this.#graph.typeCount}`);
    switch (kind) {
      // The object's own types are meant.
      case BPF_CORE_TYPE_ID_LOCAL:
        return;
      case bpf_core_relo_kind.BPF_CORE_TYPE_ID_TARGET:
      case bpf_core_relo_kind.BPF_CORE_TYPE_EXISTS:
      case bpf_core_relo_kind.BPF_CORE_TYPE_SIZE:
        this.#mark(rootId, { seen: new Set(), followPointers: true });
        return;
      case BPF_CORE_TYPE_MATCHES:
        this.#markWhole(rootId, Reached.directly, new Set());
        return;
      case bpf_core_relo_kind.BPF_CORE_ENUMVAL_EXISTS:
      case bpf_core_relo_kind.BPF_CORE_ENUMVAL_VALUE:
        this.#mark(rootId, { seen: new Set(), followPointers: false });
        return;
      default:
        this.#field(rootId, access);
    }
  }

  #field(rootId: number, access: readonly number[]): void {
    const graph = this.#graph;
    let id = rootId;
    this.#mark(id, { seen: new Set(), followPointers: false });
    for (const index of access.slice(1)) {
      for (let steps = 0; isTransparent(graph.kind(id)); steps++) {
        if (steps > graph.typeCount) throw new ParseError('BTF', 0, `type ${id} stands for no concrete type`);
        id = graph.sizeOrType(id);
      }
      if (graph.isComposite(id)) {
        if (index >= graph.vlen(id)) throw new ParseError('BTF', 0, `type ${id} has no member ${index}`);
        this.#keepMember(id, index);
        id = graph.words[graph.elements(id) + index * 3 + 1]!;
        this.#mark(id, { seen: new Set(), followPointers: false });
      } else if (graph.kind(id) === Kind.array) {
        id = graph.tail(id, 0);
      } else {
        throw this.#unsupported(id);
      }
    }
  }

  #keepMember(id: number, index: number): void {
    const members = this.#members.get(id);
    if (members === undefined) this.#members.set(id, new Set([index]));
    else members.add(index);
  }

  #unsupported(id: number): ParseError {
    const name = kindNames[this.#graph.kind(id)] ?? 'unknown';
    return new UnsupportedKindError(
      `type ${id}: a ${name} cannot be part of an access`,
      `unsupported kind: ${name} (${id})`,
    );
  }

  /** A type and what it needs to be named; structs stay empty. */
  #mark(id: number, walk: Walk): void {
    const { seen, followPointers } = walk;
    if (id === 0 || seen.has(id)) return;
    seen.add(id);
    this.#types.add(id);
    const graph = this.#graph;
    switch (graph.kind(id)) {
      case Kind.int:
      case Kind.float:
      case Kind.enum:
      case Kind.enum64:
      case Kind.struct:
      case Kind.union:
        return;
      case Kind.ptr:
        if (!followPointers) return;
        break;
      case Kind.const:
      case Kind.restrict:
      case Kind.volatile:
      case Kind.typedef:
      case Kind.array:
      case Kind.func_proto:
        break;
      default:
        throw this.#unsupported(id);
    }
    forEachTypeIdWord(graph.words, graph.starts[id]!, (i) => this.#mark(graph.words[i]!, walk));
  }

  /** A type with all members, except of structs that are only pointed at. */
  #markWhole(id: number, reached: Reached, seen: Set<number>): void {
    const graph = this.#graph;
    const key = id + reached * (graph.typeCount + 1);
    if (id === 0 || seen.has(key)) return;
    seen.add(key);
    this.#types.add(id);
    const kind = graph.kind(id);
    switch (kind) {
      case Kind.int:
      case Kind.float:
      case Kind.enum:
      case Kind.enum64:
      case Kind.fwd:
        return;
      case Kind.struct:
      case Kind.union:
        if (reached === Reached.byPointer) return;
        for (let index = 0; index < graph.vlen(id); index++) this.#keepMember(id, index);
        break;
      case Kind.ptr:
      case Kind.const:
      case Kind.restrict:
      case Kind.volatile:
      case Kind.typedef:
      case Kind.array:
      case Kind.func_proto:
        break;
      default:
        throw this.#unsupported(id);
    }
    const next = kind === Kind.ptr ? Reached.byPointer : isTransparent(kind) ? reached : Reached.directly;
    forEachTypeIdWord(graph.words, graph.starts[id]!, (i) => this.#markWhole(graph.words[i]!, next, seen));
  }

  /** The whole blob: header, types in the order of the source, strings. References to what is left out are void. */
  finish(): Uint8Array {
    const source = this.#source;
    const graph = this.#graph;
    const strings = new StringPool(undefined);
    const mapString = stringMapper(strings, source);
    const ids = [...this.#types].sort((a, b) => a - b);
    const newIds = new Map(ids.map((id, i) => [id, i + 1]));
    const records = ids.map((id) => {
      const record = graph.isComposite(id) ? this.#composite(id) : this.#whole(id);
      forEachStringWord(record, 0, (i) => {
        record[i] = mapString(record[i]!);
      });
      forEachTypeIdWord(record, 0, (i) => {
        record[i] = newIds.get(record[i]!) ?? 0;
      });
      return record;
    });
    const words = new Uint32Array(records.reduce((sum, record) => sum + record.length, 0));
    let at = 0;
    for (const record of records) {
      words.set(record, at);
      at += record.length;
    }
    return writeBtf({
      words,
      strings: strings.finish(),
      littleEndian: source.littleEndian,
      headerSize: currentHeaderSize,
    });
  }

  #whole(id: number): Uint32Array {
    const start = this.#graph.starts[id]!;
    return this.#graph.words.slice(start, start + recordWords(this.#graph.info(id))!);
  }

  /** A struct or union with the members that stay; without bit-fields it no longer says that it has some. */
  #composite(id: number): Uint32Array {
    const graph = this.#graph;
    const kept = [...(this.#members.get(id) ?? [])].sort((a, b) => a - b);
    const elements = kept.map((index) => graph.elements(id) + index * 3);
    const hasBitFields =
      graph.kindFlag(id) &&
      elements.some((at) => graph.words[at + 2]! > firstMemberBits || graph.words[at + 2]! % 8 !== 0);
    const info = ((hasBitFields ? 0x8000_0000 : 0) | (graph.kind(id) << 24) | kept.length) >>> 0;
    const members = elements.flatMap((at) => [...graph.words.subarray(at, at + 3)]);
    return Uint32Array.from([graph.name(id), info, graph.sizeOrType(id), ...members]);
  }
}

function isTransparent(kind: number): boolean {
  return kind === Kind.const || kind === Kind.volatile || kind === Kind.restrict || kind === Kind.typedef;
}

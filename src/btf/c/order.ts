import { Errno } from '../../errors/index.ts';
import type { TypeGraph } from '../graph.ts';
import { Kind } from '../records.ts';

/** States of a type: while it is `ordering`, those that it embeds are. */
const ordering = 1;
const ordered = 2;

/** How one type refers to another: it embeds it, or there is a pointer between them. */
const embedded = 0;
const pointed = 1;
type Reference = typeof embedded | typeof pointed;

/**
 * Puts types in the order C needs: definitions that a type embeds come before it, those behind pointers need only a
 * forward declaration. Source: btf_dump_order_type of libbpf.
 */
export class DefinitionOrder {
  readonly #graph: TypeGraph;
  readonly #warn: (message: string) => void;
  /** State of each type, by id. */
  readonly #state: Uint8Array;
  /** 1 for types that another refers to, by id. */
  readonly #referenced: Uint8Array;
  /** What is to be written, in order. */
  #queue: number[] = [];

  constructor(graph: TypeGraph, warn: (message: string) => void) {
    this.#graph = graph;
    this.#warn = warn;
    this.#state = new Uint8Array(graph.typeCount + 1);
    this.#state[0] = ordered;
    this.#referenced = referencedTypes(graph);
  }

  /** The types to define for this one, itself last, that no call before gave; or a negative errno. */
  for(id: number): readonly number[] | number {
    this.#queue = [];
    const status = this.#order(id, embedded);
    return status < 0 ? status : this.#queue;
  }

  /** 1: defined before what comes next; 0: only declared; negative: errno. */
  #order(id: number, reference: Reference): number {
    const state = this.#state[id];
    if (state === ordered) return 1;
    const graph = this.#graph;
    if (state === ordering) {
      // A pointer back to a struct that is under way is what forward declarations are for.
      if (graph.isComposite(id) && reference === pointed && graph.name(id) !== 0) return 0;
      this.#warn(`unsatisfiable type cycle, id:[${id}]`);
      return -Errno.ELOOP;
    }
    switch (graph.kind(id)) {
      case Kind.int:
      case Kind.float:
      case Kind.func:
      case Kind.var:
      case Kind.datasec:
      case Kind.decl_tag:
        this.#state[id] = ordered;
        return 0;
      case Kind.ptr: {
        const status = this.#order(graph.sizeOrType(id), pointed);
        // Whether the target was defined or only declared, the pointer needs no more.
        this.#state[id] = ordered;
        return status;
      }
      case Kind.array:
        return this.#order(graph.tail(id, 0), embedded);
      case Kind.struct:
      case Kind.union:
        return this.#composite(id, reference);
      case Kind.enum:
      case Kind.enum64:
      case Kind.fwd:
        // An enum without a name that is part of something is written there.
        if (graph.name(id) !== 0 || this.#referenced[id] === 0) this.#queue.push(id);
        this.#state[id] = ordered;
        return 1;
      case Kind.typedef: {
        const strong = this.#order(graph.sizeOrType(id), reference);
        // The target is only declared so far: the typedef has to wait as well.
        if (strong < 0 || (reference === pointed && strong === 0)) return strong;
        this.#queue.push(id);
        this.#state[id] = ordered;
        return 1;
      }
      case Kind.volatile:
      case Kind.const:
      case Kind.restrict:
      case Kind.type_tag:
        return this.#order(graph.sizeOrType(id), reference);
      case Kind.func_proto:
        return this.#prototype(id, reference);
      default:
        return -Errno.EINVAL;
    }
  }

  #composite(id: number, reference: Reference): number {
    const graph = this.#graph;
    const isNamed = graph.name(id) !== 0;
    // Behind a pointer a name is enough.
    if (reference === pointed && isNamed) return 0;
    this.#state[id] = ordering;
    for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 3) {
      const status = this.#order(graph.words[at + 1]!, embedded);
      if (status < 0) return status;
    }
    if (isNamed) this.#queue.push(id);
    this.#state[id] = ordered;
    return 1;
  }

  #prototype(id: number, reference: Reference): number {
    const graph = this.#graph;
    let strong = this.#order(graph.sizeOrType(id), reference);
    if (strong < 0) return strong;
    for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 2) {
      const status = this.#order(graph.words[at + 1]!, reference);
      if (status < 0) return status;
      if (status > 0) strong = 1;
    }
    return strong;
  }
}

/** Marks the types that some type refers to. Of functions the result does not count, as in the reference. */
function referencedTypes(graph: TypeGraph): Uint8Array {
  const { words, typeCount } = graph;
  const marks = new Uint8Array(typeCount + 1);
  for (let id = 1; id <= typeCount; id++) {
    const kind = graph.kind(id);
    let size = 0;
    switch (kind) {
      case Kind.int:
      case Kind.float:
      case Kind.enum:
      case Kind.enum64:
      case Kind.fwd:
        break;
      case Kind.struct:
      case Kind.union:
        size = 3;
        break;
      case Kind.func_proto:
        size = 2;
        break;
      case Kind.datasec:
        for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 3) marks[words[at]!] = 1;
        break;
      case Kind.array:
        marks[graph.tail(id, 0)] = 1;
        marks[graph.tail(id, 1)] = 1;
        break;
      default:
        marks[graph.sizeOrType(id)] = 1;
    }
    if (size > 0)
      for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += size) marks[words[at + 1]!] = 1;
  }
  return marks;
}

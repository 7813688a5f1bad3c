import type { TypeGraph } from '../graph.ts';
import type { Btf } from '../parse.ts';
import { Kind } from '../records.ts';
import { CDeclarations } from './declare.ts';
import { DefinitionOrder } from './order.ts';
import { ByteText } from '../byte-text.ts';

/** States of a type: while it is `emitting`, types that it needs are written before it. */
const notEmitted = 0;
const emitting = 1;
const emitted = 2;

/**
 * GCC names these without defining them, for Arm's SIMD intrinsics: definitions that C lacks. Source:
 * missing_base_types of libbpf.
 */
const polyTypes = new Map([
  ['__Poly8_t', 'unsigned char'],
  ['__Poly16_t', 'unsigned short'],
  ['__Poly64_t', 'unsigned long long'],
  ['__Poly128_t', 'unsigned __int128'],
]);

/** Writes types with all that their definitions need, each once. Source: btf_dump_emit_type of libbpf. */
export class CDefinitions {
  readonly out: ByteText;
  readonly declarations: CDeclarations;
  readonly #graph: TypeGraph;
  readonly #warn: (message: string) => void;
  readonly #order: DefinitionOrder;
  /** State of each type, by id. */
  readonly #state: Uint8Array;
  /** 1 for types that were declared, or typedefs that were written, before all they need. */
  readonly #forwardDone: Uint8Array;

  constructor(btf: Btf, write: (utf8: Uint8Array) => void, warn: (message: string) => void) {
    this.#graph = btf.graph;
    this.#warn = warn;
    this.out = new ByteText(write);
    this.declarations = new CDeclarations(btf, this.out, warn);
    this.#order = new DefinitionOrder(btf.graph, warn);
    this.#state = new Uint8Array(btf.typeCount + 1);
    // void needs nothing.
    this.#state[0] = emitted;
    this.#forwardDone = new Uint8Array(btf.typeCount + 1);
  }

  /** Writes a type and all that it needs and that was not written yet. Returns 0 or a negative errno. */
  add(id: number): number {
    const queue = this.#order.for(id);
    if (typeof queue === 'number') return queue;
    for (const queued of queue) this.#emit(queued, 0);
    return 0;
  }

  /** `container` is the definition that is being prepared, 0 at top level. */
  #emit(id: number, container: number): void {
    const state = this.#state[id];
    if (state === emitted) return;
    if (state === emitting) {
      this.#emitAgain(id, container);
      return;
    }
    const graph = this.#graph;
    switch (graph.kind(id)) {
      case Kind.int: {
        const name = this.declarations.names.tag(id);
        // Other integers are C's own.
        const alias = polyTypes.get(name);
        if (alias !== undefined) this.out.put(`typedef ${alias} ${name};\n\n`);
        this.#state[id] = emitted;
        break;
      }
      case Kind.enum:
      case Kind.enum64:
        // One that is part of another type is written in its place there.
        if (container === 0) {
          this.declarations.enumeration(id, 0);
          this.out.put(';\n\n');
        }
        this.#state[id] = emitted;
        break;
      case Kind.ptr:
      case Kind.volatile:
      case Kind.const:
      case Kind.restrict:
      case Kind.type_tag:
        // With a container, a named struct behind the pointer is only declared.
        this.#emit(graph.sizeOrType(id), container);
        break;
      case Kind.array:
        this.#emit(graph.tail(id, 0), container);
        break;
      case Kind.fwd:
        this.out.put(`${this.declarations.forward(id)};\n\n`);
        this.#state[id] = emitted;
        break;
      case Kind.typedef:
        this.#state[id] = emitting;
        this.#emit(graph.sizeOrType(id), id);
        if (this.#forwardDone[id] === 0) this.#typedef(id);
        this.#state[id] = emitted;
        break;
      case Kind.struct:
      case Kind.union:
        this.#composite(id, container);
        break;
      case Kind.func_proto:
        this.#emit(graph.sizeOrType(id), container);
        for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 2) {
          this.#emit(graph.words[at + 1]!, container);
        }
        break;
    }
  }

  /** A type that is needed while it is itself being prepared: declared now, defined later. */
  #emitAgain(id: number, container: number): void {
    const graph = this.#graph;
    if (this.#forwardDone[id] !== 0) return;
    if (graph.kind(id) === Kind.typedef) {
      this.#typedef(id);
      this.#forwardDone[id] = 1;
    } else if (graph.isComposite(id)) {
      // A struct may hold pointers to itself without being declared first.
      if (id === container) return;
      if (graph.name(id) === 0) this.#warn(`anonymous struct/union loop, id:[${id}]`);
      else this.#declare(id);
    }
  }

  #declare(id: number): void {
    const word = this.#graph.kind(id) === Kind.struct ? 'struct' : 'union';
    this.out.put(`${word} ${this.declarations.names.tag(id)};\n\n`);
    this.#forwardDone[id] = 1;
  }

  #composite(id: number, container: number): void {
    const graph = this.#graph;
    const isNamed = graph.name(id) !== 0;
    this.#state[id] = emitting;
    // A named one that was not defined before is behind a pointer: a declaration does.
    if (container === 0 || !isNamed) {
      const inner = isNamed ? id : container;
      for (let i = graph.vlen(id), at = graph.elements(id); i > 0; i--, at += 3) {
        this.#emit(graph.words[at + 1]!, inner);
      }
    } else if (this.#forwardDone[id] === 0 && id !== container) {
      this.#declare(id);
    }
    if (container !== 0) {
      // It was only prepared; its own turn comes later.
      this.#state[id] = notEmitted;
      return;
    }
    this.declarations.composite(id, 0);
    this.out.put(';\n\n');
    this.#state[id] = emitted;
  }

  #typedef(id: number): void {
    if (this.declarations.typedef(id)) this.out.put(';\n\n');
  }
}

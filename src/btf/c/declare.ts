import type { TypeGraph } from '../graph.ts';
import type { Btf } from '../parse.ts';
import { isModifierKind, Kind } from '../records.ts';
import { TypeLayout } from '../type-layout.ts';
import { kindNames } from '../types.ts';
import { CNames } from './names.ts';
import { paddingText } from './padding.ts';
import { DeclaratorCache } from './declarator-cache.ts';
import type { ByteText } from '../byte-text.ts';

/** More links than any declaration has: a type that leads back to itself ends here. */
const maxChain = 4096;

/** Stands for a name while the text around it is written: no BTF string can hold it. */
const marker = '\0';

/** The reference indents no further, however deep types nest. */
const deepestIndent = 13;
const indents = Array.from({ length: deepestIndent + 1 }, (_, level) => `\n${'\t'.repeat(level)}`);
const lineAt = (level: number) => indents[Math.min(level, deepestIndent)]!;

/** Writes declarations and definitions of single types as C, in the text of the reference. */
export class CDeclarations {
  readonly names: CNames;
  readonly #btf: Btf;
  readonly #graph: TypeGraph;
  readonly #out: ByteText;
  readonly #warn: (message: string) => void;
  readonly #layout: TypeLayout;
  readonly #declarators: DeclaratorCache;
  /** An anonymous struct or enum was written out. */
  #inlined = false;
  #leavesOutModifiers = false;

  constructor(btf: Btf, out: ByteText, warn: (message: string) => void) {
    this.#btf = btf;
    this.#graph = btf.graph;
    this.#out = out;
    this.#warn = warn;
    this.#layout = new TypeLayout(btf.graph);
    this.#declarators = new DeclaratorCache(btf.typeCount + 1);
    this.names = new CNames(btf);
  }

  /** `struct NAME`, of a forward declaration. */
  forward(id: number): string {
    return `${this.#graph.kindFlag(id) ? 'union' : 'struct'} ${this.names.tag(id)}`;
  }

  /** A struct or union with its members, without the final semicolon. */
  composite(id: number, level: number): void {
    const graph = this.#graph;
    const layout = this.#layout;
    const { words, pointerSize } = graph;
    const out = this.#out;
    const isStruct = graph.kind(id) === Kind.struct;
    const packed = isStruct && layout.isPacked(id);
    const bitFields = graph.kindFlag(id);
    const indent = lineAt(level + 1);
    const count = graph.vlen(id);
    const size = graph.sizeOrType(id);
    const word = isStruct ? 'struct' : 'union';
    out.put(graph.name(id) === 0 ? `${word} {` : `${word} ${this.names.tag(id)} {`);
    let end = 0;
    let afterBitfield = false;
    for (let i = count, at = graph.elements(id); i > 0; i--, at += 3) {
      const typeId = words[at + 1]!;
      const where = words[at + 2]!;
      // With the kind flag the upper 8 bits are the width of a bit-field, the lower 24 the offset in bits.
      const offset = bitFields ? where & 0xff_ffff : where;
      const bits = bitFields ? where >>> 24 : 0;
      // Padding is written as unnamed bit-fields, where the compiler would not leave it by itself.
      if (end < offset) {
        const nextAlign = packed ? 1 : layout.align(typeId);
        const inBitfield = afterBitfield && bits > 0;
        out.put(paddingText({ from: end, to: offset, nextAlign, inBitfield, pointerSize, indent }));
      }
      out.put(indent);
      this.#member(typeId, words[at]!, level + 1);
      afterBitfield = bits > 0;
      if (afterBitfield) {
        out.put(': ');
        out.uint(bits);
        end = offset + bits;
      } else {
        end = offset + (layout.size(typeId) ?? 0) * 8;
      }
      out.put(';');
    }
    if (isStruct && end < size * 8) {
      const nextAlign = layout.align(id);
      out.put(paddingText({ from: end, to: size * 8, nextAlign, inBitfield: false, pointerSize, indent }));
    }
    out.put(count > 0 || size > 0 ? `${lineAt(level)}}` : '}');
    // The attribute is found out from offsets and size: BTF does not have it.
    if (packed) out.put(' __attribute__((packed))');
  }

  /** An enum with its values, without the final semicolon. */
  enumeration(id: number, level: number): void {
    const graph = this.#graph;
    const { words } = graph;
    const { strings } = this.#btf;
    const out = this.#out;
    const count = graph.vlen(id);
    out.put(graph.name(id) === 0 ? 'enum' : `enum ${this.names.tag(id)}`);
    if (count === 0) return;
    const wide = graph.kind(id) === Kind.enum64;
    const signed = graph.kindFlag(id);
    const indent = lineAt(level + 1);
    // All values fit in 32 bits: then the width of 64 has to be asked for.
    let small = true;
    out.put(' {');
    for (let i = count, at = graph.elements(id); i > 0; i--, at += wide ? 3 : 2) {
      const low = words[at + 1]!;
      out.put(indent);
      out.name(strings, words[at]!);
      out.put(this.names.enumeratorSuffix(words[at]!));
      out.put(' = ');
      if (!wide) {
        if (signed && low > 0x7fff_ffff) out.put(String(low | 0));
        else out.uint(low);
      } else {
        const high = words[at + 2]!;
        if (high !== 0) small = false;
        const whole = (BigInt(high) << 32n) | BigInt(low);
        out.put(signed ? `${BigInt.asIntN(64, whole)}LL` : `${whole}ULL`);
      }
      out.put(',');
    }
    out.put(`${lineAt(level)}}`);
    const size = graph.sizeOrType(id);
    // Enums are of 4 bytes unless this is said; `word` is a register, 8 bytes on the machines meant.
    if (size === 1) out.put(' __attribute__((mode(byte)))');
    else if (size === 8 && small && graph.pointerSize === 8) out.put(' __attribute__((mode(word)))');
  }

  /** `typedef … NAME`, without the final semicolon; nothing for the one that compilers define themselves. */
  typedef(id: number): boolean {
    const graph = this.#graph;
    if (this.#btf.str(graph.name(id)) === '__builtin_va_list') return false;
    const name = this.names.identifier(id);
    const target = graph.sizeOrType(id);
    // Old versions of GCC have a typedef of void here, which no compiler takes.
    if (target === 0 && name === '__gnuc_va_list') this.#out.put('typedef __builtin_va_list __gnuc_va_list');
    else {
      this.#out.put('typedef ');
      this.declaration(target, name, 0);
    }
    return true;
  }

  /**
   * The declaration of the name at a string offset. What stands around it is the same for every name, except where an
   * anonymous struct or enum is written out within it.
   */
  #member(id: number, name: number, level: number): void {
    if (name === 0) {
      this.declaration(id, '', level);
      return;
    }
    const { strings } = this.#btf;
    const out = this.#out;
    // What is kept for a type has its modifiers.
    if (this.#leavesOutModifiers) {
      this.declaration(id, this.#btf.str(name), level);
      return;
    }
    if (this.#declarators.write(id, out, strings, name)) return;
    const outer = this.#inlined;
    this.#inlined = false;
    const start = out.hold();
    this.declaration(id, marker, level);
    this.#declarators.keep(id, out.take(start));
    this.#declarators.write(id, out, strings, name);
    if (this.#inlined) this.#declarators.forget(id);
    this.#inlined ||= outer;
  }

  /** As `declaration`, without const, volatile, restrict and type tags, also inside types that are written out. */
  unmodifiedDeclaration(id: number, name: string, level: number): void {
    this.#leavesOutModifiers = true;
    try {
      this.declaration(id, name, level);
    } finally {
      this.#leavesOutModifiers = false;
    }
  }

  /** The declaration of `name` (may be empty) with a type. */
  declaration(id: number, name: string, level: number): void {
    const graph = this.#graph;
    const chain: number[] = [];
    for (let next = id, steps = 0; ; steps++) {
      if (steps > maxChain) {
        this.#warn(`declaration without end, id:[${id}]`);
        return;
      }
      const kind = graph.kind(next);
      if (!this.#leavesOutModifiers || !isModifierKind(kind)) chain.push(next);
      switch (kind) {
        case Kind.ptr:
        case Kind.volatile:
        case Kind.const:
        case Kind.restrict:
        case Kind.type_tag:
        case Kind.func_proto:
          next = graph.sizeOrType(next);
          continue;
        case Kind.array:
          next = graph.tail(next, 0);
          continue;
        case Kind.func:
        case Kind.var:
        case Kind.datasec:
        case Kind.decl_tag:
          this.#unexpected(next);
      }
      break;
    }
    this.#chain(chain, name, level);
  }

  #unexpected(id: number): void {
    this.#warn(`unexpected type in decl chain, kind:${kindNames[this.#graph.kind(id)]}, id:[${id}]`);
  }

  /** Writes the chain from its end (the base type) to its beginning, consuming it. */
  #chain(chain: number[], name: string, level: number): void {
    const graph = this.#graph;
    const out = this.#out;
    let afterPointer = true;
    for (;;) {
      const id = chain.pop();
      if (id === undefined) break;
      const kind = graph.kind(id);
      switch (kind) {
        case 0:
          out.put(`${this.#qualifiers(chain)}void`);
          break;
        case Kind.int:
        case Kind.float:
          out.put(this.#qualifiers(chain) + this.#btf.str(graph.name(id)));
          break;
        case Kind.struct:
        case Kind.union: {
          const before = this.#qualifiers(chain);
          if (graph.name(id) === 0) {
            this.#inlined = true;
            out.put(before);
            this.composite(id, level);
          } else out.put(`${before}${kind === Kind.struct ? 'struct' : 'union'} ${this.names.tag(id)}`);
          break;
        }
        case Kind.enum:
        case Kind.enum64: {
          const before = this.#qualifiers(chain);
          if (graph.name(id) === 0) {
            this.#inlined = true;
            out.put(before);
            this.enumeration(id, level);
          } else out.put(`${before}enum ${this.names.tag(id)}`);
          break;
        }
        case Kind.fwd:
          out.put(this.#qualifiers(chain) + this.forward(id));
          break;
        case Kind.typedef:
          out.put(this.#qualifiers(chain) + this.names.identifier(id));
          break;
        case Kind.ptr:
          out.put(afterPointer ? '*' : ' *');
          break;
        case Kind.volatile:
        case Kind.const:
        case Kind.restrict:
          out.put(` ${kindNames[kind]}`);
          break;
        case Kind.type_tag: {
          const text = this.#btf.str(graph.name(id));
          const attribute = graph.kindFlag(id) ? text : `btf_type_tag("${text}")`;
          out.put(`${this.#qualifiers(chain)} __attribute__((${attribute}))`);
          break;
        }
        case Kind.array:
          this.#array(chain, name, { afterPointer, length: graph.tail(id, 2), level });
          return;
        case Kind.func_proto:
          this.#prototype(id, chain, name, { afterPointer, level });
          return;
        default:
          this.#unexpected(id);
          return;
      }
      afterPointer = kind === Kind.ptr;
    }
    this.#declared(name, { afterPointer });
  }

  #declared(name: string, { afterPointer }: { afterPointer: boolean }): void {
    if (name !== '') this.#out.put(afterPointer ? name : ` ${name}`);
  }

  #array(chain: number[], name: string, context: { afterPointer: boolean; length: number; level: number }): void {
    // GCC puts const and volatile on arrays as well; in C only elements have them.
    this.#dropModifiers(chain);
    const next = chain.at(-1);
    if (next === undefined) {
      this.#declared(name, context);
    } else {
      if (name !== '' && !context.afterPointer) this.#out.put(' ');
      // Of arrays in arrays the brackets follow each other.
      const nested = this.#graph.kind(next) === Kind.array;
      if (!nested) this.#out.put('(');
      this.#chain(chain, name, context.level);
      if (!nested) this.#out.put(')');
    }
    this.#out.put(`[${context.length}]`);
  }

  #prototype(id: number, chain: number[], name: string, context: { afterPointer: boolean; level: number }): void {
    const graph = this.#graph;
    const out = this.#out;
    // GCC marks functions that do not return by volatile, on the pointer's target.
    this.#dropModifiers(chain);
    if (chain.length > 0) {
      out.put(' (');
      this.#chain(chain, name, context.level);
      out.put(')');
    } else {
      this.#declared(name, context);
    }
    const count = graph.vlen(id);
    const first = graph.elements(id);
    const { words } = graph;
    // Clang has one void parameter where C code says `(void)`.
    if (count === 0 || (count === 1 && words[first + 1] === 0)) {
      out.put('(void)');
      return;
    }
    out.put('(');
    for (let i = 0, at = first; i < count; i++, at += 2) {
      if (i > 0) out.put(', ');
      const typeId = words[at + 1]!;
      // A last parameter of type 0 stands for those that vary.
      if (i === count - 1 && typeId === 0) out.put('...');
      else this.declaration(typeId, this.#btf.str(words[at]!), context.level);
    }
    out.put(')');
  }

  /** The const, volatile and restrict at the end of a chain, consumed. */
  #qualifiers(chain: number[]): string {
    let text = '';
    for (let last = chain.length - 1; last >= 0; last--) {
      const kind = this.#graph.kind(chain[last]!);
      if (kind !== Kind.const && kind !== Kind.volatile && kind !== Kind.restrict) break;
      text += `${kindNames[kind]} `;
      chain.pop();
    }
    return text;
  }

  #dropModifiers(chain: number[]): void {
    for (let last = chain.length - 1; last >= 0; last--) {
      if (!isModifierKind(this.#graph.kind(chain[last]!))) return;
      chain.pop();
    }
  }
}

import type { Btf } from '../parse.ts';
import { TypeLayout } from '../type-layout.ts';
import { withinStack } from '../within-stack.ts';
import { ByteText } from '../byte-text.ts';
import { CDeclarations } from './declare.ts';

/** A name that is declared with a type. */
export interface CDeclaration {
  readonly typeId: number;
  /** Empty for the type alone. */
  readonly name: string;
  /** Tabs before the lines of what is written out, such as an anonymous struct. */
  readonly level: number;
  /** Leave out const, volatile, restrict and type tags. */
  readonly unmodified?: boolean;
}

/**
 * Single declarations as C, in the reference's text, without semicolon. Names that are used again get a number, so one
 * writer stands for one piece of C. Source: btf_dump__emit_type_decl of libbpf.
 */
export class CDeclarationWriter {
  readonly #declarations: CDeclarations;
  readonly #out: ByteText;
  readonly #layout: TypeLayout;
  #text: Uint8Array[] = [];

  /** `warn` receives what could not be expressed. */
  constructor(btf: Btf, warn: (message: string) => void = () => {}) {
    this.#out = new ByteText((utf8) => void this.#text.push(utf8.slice()));
    this.#declarations = new CDeclarations(btf, this.#out, warn);
    this.#layout = new TypeLayout(btf.graph);
  }

  /** The declaration as UTF-8, in pieces. Throws ParseError where types are damaged. */
  declaration({ typeId, name, level, unmodified = false }: CDeclaration): Uint8Array[] {
    withinStack(() => {
      if (unmodified) this.#declarations.unmodifiedDeclaration(typeId, name, level);
      else this.#declarations.declaration(typeId, name, level);
    });
    this.#out.flush();
    const text = this.#text;
    this.#text = [];
    return text;
  }

  /** Natural alignment in bytes; 0 for what has none. */
  align(typeId: number): number {
    return this.#layout.align(typeId);
  }

  /** Bytes, or undefined for what has no size, or one beyond 32 bits. */
  size(typeId: number): number | undefined {
    return this.#layout.size(typeId);
  }
}

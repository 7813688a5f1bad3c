import { decodeUtf8 } from '../../bytes/index.ts';
import { ByteText, type Piece, piece } from '../byte-text.ts';
import type { Btf } from '../parse.ts';
import { Kind } from '../records.ts';
import type { BtfType } from '../types.ts';
import { type EnumeratorType, describeType, kindText, type RawWriter } from './describe.ts';
import { field, fieldNames } from './fields.ts';

/** The text up to the value of each field; at the beginning of a row's line; after a comma. */
const keys = fieldNames.map((name) => piece(` ${name}=`));
const keysAfterTab = fieldNames.map((name) => piece(`${name}=`));
const keysAfterComma = fieldNames.map((name) => piece(`, ${name}=`));
const rowStart = piece("\n\t'");
const afterId = piece('] ');
const afterKind = piece(" '");

/**
 * One type in the raw format of `bpftool btf dump`: its line, and a line for each of its members, values or parameters.
 * Throws ParseError where its strings are damaged.
 */
export function rawText(btf: Btf, type: BtfType): string {
  let text = '';
  const out = new ByteText((utf8) => {
    text += decodeUtf8(utf8);
  });
  new TextWriter(btf, out).type(type.id);
  out.flush();
  return text;
}

export class TextWriter implements RawWriter {
  readonly #btf: Btf;
  readonly #strings: Uint8Array;
  readonly #out: ByteText;
  /** The first number of a row without a name follows the tab at once. */
  #afterTab = false;
  #isVariable = false;
  readonly #kinds: Piece[] = [];

  constructor(btf: Btf, out: ByteText) {
    this.#btf = btf;
    this.#strings = btf.strings;
    this.#out = out;
  }

  type(id: number): void {
    const { graph } = this.#btf;
    const out = this.#out;
    const kind = graph.kind(id);
    this.#isVariable = kind === Kind.var;
    out.put('[');
    out.uint(id);
    out.piece(afterId);
    this.#kinds[kind] ??= piece(kindText(kind));
    out.piece(this.#kinds[kind]);
    out.piece(afterKind);
    this.#name(graph.name(id));
    describeType(this.#btf, id, this);
    out.put('\n');
  }

  /** A name and the quote after it. */
  #name(offset: number): void {
    if (offset === 0) this.#out.put("(anon)'");
    else {
      this.#btf.checkString(offset);
      this.#out.name(this.#strings, offset);
      this.#out.put("'");
    }
  }

  #key(index: number): void {
    this.#out.piece((this.#afterTab ? keysAfterTab : keys)[index]!);
    this.#afterTab = false;
  }

  number(index: number, value: number): void {
    this.#key(index);
    this.#out.uint(value);
  }

  signed(index: number, value: number): void {
    this.#key(index);
    this.#out.put(String(value));
  }

  word(index: number, value: string): void {
    // A variable's linkage is the only field after a comma.
    if (this.#isVariable) this.#out.piece(keysAfterComma[index]!);
    else this.#key(index);
    this.#out.put(value);
  }

  begin(): void {}

  row(name: number | undefined): void {
    if (name === undefined) {
      this.#out.put('\n\t');
      this.#afterTab = true;
    } else {
      this.#out.piece(rowStart);
      this.#name(name);
    }
  }

  value(value: number | bigint, type: EnumeratorType): void {
    this.#key(field.val);
    if (typeof value === 'number' && value >= 0) this.#out.uint(value);
    else this.#out.put(String(value));
    if (type !== 'int') this.#out.put(type === 'long long' ? 'LL' : 'ULL');
  }

  variable(id: number): void {
    const { graph } = this.#btf;
    if (id > graph.typeCount) return;
    this.#out.put(` (${kindText(graph.kind(id))} '`);
    this.#name(graph.name(id));
    this.#out.put(')');
  }

  end(): void {}
}

import type { Btf } from '../parse.ts';
import { kindOf } from '../records.ts';
import type { BtfType } from '../types.ts';
import { describeType, kindText, type RawWriter, rawName } from './describe.ts';

/**
 * One type in the raw format of `bpftool btf dump`: its line, and a line for each of its members, values or parameters.
 * Throws ParseError where its strings are damaged.
 */
export function rawText(btf: Btf, type: BtfType): string {
  const writer = new TextWriter(btf);
  writer.type(type.id);
  return writer.text;
}

export class TextWriter implements RawWriter {
  text = '';
  readonly #btf: Btf;
  /** What stands before the next number: the first of a row without a name follows the tab at once. */
  #separator = ' ';
  #isVariable = false;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  type(id: number): void {
    const { graph } = this.#btf;
    const kind = graph.kind(id);
    this.#isVariable = kind === kindOf.var;
    this.text += `[${id}] ${kindText(kind)} '${rawName(this.#btf, graph.name(id))}'`;
    describeType(this.#btf, id, this);
    this.text += '\n';
  }

  number(key: string, value: number): void {
    this.text += `${this.#separator}${key}=${value}`;
    this.#separator = ' ';
  }

  word(key: string, value: string): void {
    // A variable's linkage is the only field after a comma.
    this.text += `${this.#isVariable ? ', ' : ' '}${key}=${value}`;
  }

  begin(): void {}

  row(name: string | undefined): void {
    if (name !== undefined) this.text += `\n\t'${name}'`;
    else {
      this.text += '\n\t';
      this.#separator = '';
    }
  }

  value(value: number | bigint, isWide: boolean, signed: boolean): void {
    this.text += ` val=${value}${isWide ? (signed ? 'LL' : 'ULL') : ''}`;
  }

  variable(id: number): void {
    const { graph } = this.#btf;
    if (id > graph.lastId) return;
    this.text += ` (${kindText(graph.kind(id))} '${rawName(this.#btf, graph.name(id))}')`;
  }

  end(): void {}
}

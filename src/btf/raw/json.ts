import type { Btf } from '../parse.ts';
import type { BtfType } from '../types.ts';
import { describeType, kindText, type RawWriter, rawName } from './describe.ts';

/** How JSON is laid out. */
export interface RawJsonOptions {
  /** One member a line, indented by four spaces a level; else without any space. */
  readonly pretty: boolean;
  /** How many containers the object stands in. */
  readonly depth: number;
}

/** One type as a JSON object. Throws ParseError where its strings are damaged. */
export function rawJson(btf: Btf, type: BtfType, options: RawJsonOptions): string {
  const writer = new JsonTypeWriter(btf, options);
  writer.type(type.id);
  return writer.text;
}

export class JsonTypeWriter implements RawWriter {
  text = '';
  readonly #btf: Btf;
  /** Line breaks before a member of the object, before one of a row, and before their ends. */
  readonly #line: string;
  readonly #rowLine: string;
  readonly #rowEnd: string;
  readonly #end: string;
  readonly #colon: string;
  #rows = 0;
  #inRow = false;
  /** The next member of a row is its first. */
  #first = false;

  constructor(btf: Btf, { pretty, depth }: RawJsonOptions) {
    this.#btf = btf;
    const line = (level: number) => (pretty ? `\n${'    '.repeat(depth + level)}` : '');
    this.#line = line(1);
    this.#rowLine = line(3);
    this.#rowEnd = line(2);
    this.#end = line(0);
    this.#colon = pretty ? ': ' : ':';
  }

  type(id: number): void {
    const { graph } = this.#btf;
    const [line, colon] = [this.#line, this.#colon];
    const name = quoted(rawName(this.#btf, graph.name(id)));
    this.text += `{${line}"id"${colon}${id},${line}"kind"${colon}"${kindText(graph.kind(id))}",${line}"name"${colon}${name}`;
    describeType(this.#btf, id, this);
    this.text += `${this.#end}}`;
  }

  number(key: string, value: number): void {
    this.#member(key, value);
  }

  word(key: string, value: string): void {
    this.#member(key, `"${value}"`);
  }

  #member(key: string, value: number | bigint | string): void {
    if (!this.#inRow) this.text += `,${this.#line}"${key}"${this.#colon}${value}`;
    else {
      this.text += `${this.#first ? '' : ','}${this.#rowLine}"${key}"${this.#colon}${value}`;
      this.#first = false;
    }
  }

  begin(list: string): void {
    this.text += `,${this.#line}"${list}"${this.#colon}[`;
    this.#rows = 0;
    this.#inRow = true;
  }

  row(name: string | undefined): void {
    if (this.#rows++ > 0) this.text += `${this.#rowEnd}},`;
    this.text += '{';
    this.#first = true;
    if (name !== undefined) this.#member('name', quoted(name));
  }

  /** The reference prints unsigned 32-bit values sign-extended to 64 bits. */
  value(value: number | bigint): void {
    const isWidened = typeof value === 'number' && value > 0x7fff_ffff;
    this.#member('val', isWidened ? BigInt.asUintN(64, BigInt(value | 0)) : value);
  }

  variable(): void {}

  end(): void {
    this.text += this.#rows > 0 ? `${this.#rowEnd}}${this.#line}]` : ']';
    this.#inRow = false;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what JSON has to escape
const special = /["\\\x00-\x1f\x7f-\uffff]/;

function quoted(name: string): string {
  return special.test(name) ? JSON.stringify(name) : `"${name}"`;
}

import { decodeUtf8 } from '../../bytes/index.ts';
import { ByteText } from '../byte-text.ts';
import type { Btf } from '../parse.ts';
import type { BtfType } from '../types.ts';
import { describeType, kindText, type RawWriter } from './describe.ts';

/** How JSON is laid out. */
export interface RawJsonOptions {
  /** One member a line, indented by four spaces a level; else without any space. */
  readonly pretty: boolean;
  /** How many containers the object stands in. */
  readonly depth: number;
}

/** One type as a JSON object. Throws ParseError where its strings are damaged. */
export function rawJson(btf: Btf, type: BtfType, options: RawJsonOptions): string {
  let text = '';
  const out = new ByteText((utf8) => {
    text += decodeUtf8(utf8);
  });
  new JsonTypeWriter(btf, out, options).type(type.id);
  out.flush();
  return text;
}

export class JsonTypeWriter implements RawWriter {
  readonly #btf: Btf;
  readonly #strings: Uint8Array;
  readonly #out: ByteText;
  /** Line breaks before a member of the object, before one of a row, and before their ends. */
  readonly #line: string;
  readonly #rowLine: string;
  readonly #rowEnd: string;
  readonly #end: string;
  /** What follows a key. */
  readonly #colon: string;
  #rows = 0;
  #inRow = false;
  /** The next member of a row is its first. */
  #first = false;

  constructor(btf: Btf, out: ByteText, { pretty, depth }: RawJsonOptions) {
    this.#btf = btf;
    this.#strings = btf.strings;
    this.#out = out;
    const line = (level: number) => (pretty ? `\n${'    '.repeat(depth + level)}` : '');
    this.#line = line(1);
    this.#rowLine = line(3);
    this.#rowEnd = line(2);
    this.#end = line(0);
    this.#colon = pretty ? '": ' : '":';
  }

  type(id: number): void {
    const { graph } = this.#btf;
    const out = this.#out;
    out.put('{');
    this.#first = true;
    this.number('id', id);
    this.word('kind', kindText(graph.kind(id)));
    this.#key('name');
    this.#name(graph.name(id));
    describeType(this.#btf, id, this);
    out.put(this.#end);
    out.put('}');
  }

  #key(key: string): void {
    const out = this.#out;
    if (!this.#first) out.put(',');
    this.#first = false;
    out.put(this.#inRow ? this.#rowLine : this.#line);
    out.put('"');
    out.put(key);
    out.put(this.#colon);
  }

  #name(offset: number): void {
    const out = this.#out;
    if (offset === 0) {
      out.put('"(anon)"');
      return;
    }
    this.#btf.checkString(offset);
    if (!isPlain(this.#strings, offset)) {
      out.put(JSON.stringify(this.#btf.str(offset)));
      return;
    }
    out.put('"');
    out.name(this.#strings, offset);
    out.put('"');
  }

  number(key: string, value: number): void {
    this.#key(key);
    this.#out.uint(value);
  }

  signed(key: string, value: number): void {
    this.#key(key);
    this.#out.put(String(value));
  }

  word(key: string, value: string): void {
    this.#key(key);
    this.#out.put('"');
    this.#out.put(value);
    this.#out.put('"');
  }

  begin(list: string): void {
    this.#key(list);
    this.#out.put('[');
    this.#rows = 0;
    this.#inRow = true;
  }

  row(name: number | undefined): void {
    const out = this.#out;
    if (this.#rows++ > 0) {
      out.put(this.#rowEnd);
      out.put('},');
    }
    out.put('{');
    this.#first = true;
    if (name === undefined) return;
    this.#key('name');
    this.#name(name);
  }

  /** The reference prints unsigned 32-bit values sign-extended to 64 bits. */
  value(value: number | bigint): void {
    const isWidened = typeof value === 'number' && value > 0x7fff_ffff;
    this.#key('val');
    this.#out.put(String(isWidened ? BigInt.asUintN(64, BigInt(value | 0)) : value));
  }

  variable(): void {}

  end(): void {
    const out = this.#out;
    if (this.#rows > 0) {
      out.put(this.#rowEnd);
      out.put('}');
      out.put(this.#line);
    }
    out.put(']');
    this.#inRow = false;
    this.#first = false;
  }
}

/** True for strings that stand in JSON as they are. */
function isPlain(strings: Uint8Array, offset: number): boolean {
  for (let i = offset; i < strings.length; i++) {
    const byte = strings[i]!;
    if (byte === 0) return true;
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false;
  }
  return true;
}

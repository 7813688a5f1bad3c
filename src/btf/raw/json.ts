import { decodeUtf8 } from '../../bytes/index.ts';
import { ByteText, type Piece, piece } from '../byte-text.ts';
import type { Btf } from '../parse.ts';
import type { BtfType } from '../types.ts';
import { describeType, kindText, type RawWriter } from './describe.ts';
import { field, fieldNames } from './fields.ts';

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

/** The text up to the value of each field, where it is the first of its object and where it is not. */
interface Keys {
  readonly first: readonly Piece[];
  readonly next: readonly Piece[];
}

export class JsonTypeWriter implements RawWriter {
  readonly #btf: Btf;
  readonly #strings: Uint8Array;
  readonly #out: ByteText;
  /** Of the object and of a row. */
  readonly #keys: Keys;
  readonly #rowKeys: Keys;
  readonly #firstRow: Piece;
  readonly #nextRow: Piece;
  readonly #rowsEnd: Piece;
  readonly #end: Piece;
  readonly #kinds: Piece[] = [];
  #rows = 0;
  #inRow = false;
  /** The next member of a row is its first. */
  #first = false;

  constructor(btf: Btf, out: ByteText, { pretty, depth }: RawJsonOptions) {
    this.#btf = btf;
    this.#strings = btf.strings;
    this.#out = out;
    const line = (level: number) => (pretty ? `\n${'    '.repeat(depth + level)}` : '');
    const keys = (before: string): Keys => ({
      first: fieldNames.map((name) => piece(`${before}"${name}":${pretty ? ' ' : ''}`)),
      next: fieldNames.map((name) => piece(`,${before}"${name}":${pretty ? ' ' : ''}`)),
    });
    this.#keys = keys(line(1));
    this.#rowKeys = keys(line(3));
    this.#firstRow = piece('{');
    this.#nextRow = piece(`${line(2)}},{`);
    this.#rowsEnd = piece(`${line(2)}}${line(1)}]`);
    this.#end = piece(`${line(0)}}`);
  }

  type(id: number): void {
    const { graph } = this.#btf;
    const out = this.#out;
    out.put('{');
    this.#first = true;
    this.number(field.id, id);
    this.#key(field.kind);
    this.#kind(graph.kind(id));
    this.#key(field.name);
    this.#name(graph.name(id));
    describeType(this.#btf, id, this);
    out.piece(this.#end);
  }

  #kind(kind: number): void {
    this.#kinds[kind] ??= piece(`"${kindText(kind)}"`);
    this.#out.piece(this.#kinds[kind]);
  }

  #key(index: number): void {
    const keys = this.#inRow ? this.#rowKeys : this.#keys;
    this.#out.piece((this.#first ? keys.first : keys.next)[index]!);
    this.#first = false;
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

  number(index: number, value: number): void {
    this.#key(index);
    this.#out.uint(value);
  }

  signed(index: number, value: number): void {
    this.#key(index);
    this.#out.put(String(value));
  }

  word(index: number, value: string): void {
    this.#key(index);
    this.#out.put('"');
    this.#out.put(value);
    this.#out.put('"');
  }

  begin(list: number): void {
    this.#key(list);
    this.#out.put('[');
    this.#rows = 0;
    this.#inRow = true;
  }

  row(name: number | undefined): void {
    this.#out.piece(this.#rows++ > 0 ? this.#nextRow : this.#firstRow);
    this.#first = true;
    if (name === undefined) return;
    this.#key(field.name);
    this.#name(name);
  }

  /** The reference prints unsigned 32-bit values sign-extended to 64 bits. */
  value(value: number | bigint): void {
    const isWidened = typeof value === 'number' && value > 0x7fff_ffff;
    this.#key(field.val);
    if (typeof value === 'number' && value >= 0 && !isWidened) this.#out.uint(value);
    else this.#out.put(String(isWidened ? BigInt.asUintN(64, BigInt(value | 0)) : value));
  }

  variable(): void {}

  end(): void {
    if (this.#rows > 0) this.#out.piece(this.#rowsEnd);
    else this.#out.put(']');
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

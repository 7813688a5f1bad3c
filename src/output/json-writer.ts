import type { Sink } from './sink.ts';

const inObject = 1;
const inArray = 2;

const named: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\f': '\\f',
  '\b': '\\b',
  '\\': '\\\\',
  '"': '\\"',
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON must escape
const unsafe = /[\u0000-\u001f"\\]/g;

/** A JSON string literal: the short escapes where JSON has them, `\u00xx` for the other control characters. */
export function quoteJson(text: string): string {
  const body = text.replace(unsafe, (c) => named[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${body}"`;
}

/**
 * Streaming JSON in bpftool's layout. Compact, or pretty: four spaces a level, each member on its own line,
 * array elements one after another on a line, `]` and `}` on their own line unless empty.
 */
export class JsonWriter {
  readonly sink: Sink;
  pretty: boolean;
  depth = 0;
  /** True when the next element at this level needs a comma before it. */
  needsComma = false;
  #afterName = false;
  readonly #containers: number[] = [];

  constructor(sink: Sink, options: { pretty: boolean }) {
    this.sink = sink;
    this.pretty = options.pretty;
  }

  /** True where a member name must come next, so that a bare value would not be JSON. */
  get expectsName(): boolean {
    return !this.#afterName && this.#containers[this.depth - 1] === inObject;
  }

  /** True where a further value would not be JSON: in the place of a member's name, or after the whole document. */
  get takesNoValue(): boolean {
    return this.expectsName || (this.depth === 0 && this.needsComma);
  }

  /** True right after a name, where its value is still owed. */
  get owesValue(): boolean {
    return this.#afterName;
  }

  startObject(): this {
    return this.#begin('{', inObject);
  }

  endObject(): this {
    return this.#end('}');
  }

  startArray(): this {
    return this.#begin('[', inArray);
  }

  endArray(): this {
    return this.#end(']');
  }

  /** Closes whatever is open down to `depth`; a name left without a value gets `null`. */
  closeTo(depth: number): void {
    while (this.depth > depth) {
      if (this.#afterName) this.null();
      this.#end(this.#containers[this.depth - 1] === inObject ? '}' : ']');
    }
  }

  name(name: string): this {
    this.#separate();
    this.#newLine();
    this.needsComma = false;
    this.#afterName = true;
    this.sink.text(`${quoteJson(name)}:${this.pretty ? ' ' : ''}`);
    return this;
  }

  /** A value whose text is already JSON. */
  raw(text: string): this {
    this.#separate();
    this.sink.text(text);
    return this;
  }

  string(text: string): this {
    return this.raw(quoteJson(text));
  }

  number(value: number | bigint): this {
    return this.raw(String(value));
  }

  boolean(value: boolean): this {
    return this.raw(value ? 'true' : 'false');
  }

  null(): this {
    return this.raw('null');
  }

  /** A member: name and scalar. */
  field(name: string, value: string | number | bigint | boolean | null): this {
    this.name(name);
    if (value === null) return this.null();
    if (typeof value === 'string') return this.string(value);
    if (typeof value === 'boolean') return this.boolean(value);
    return this.number(value);
  }

  /** Call before writing one value's text to the sink directly; writes the comma where one is due. */
  beginValue(): void {
    this.#separate();
  }

  #begin(bracket: string, container: number): this {
    this.#separate();
    this.sink.latin1(bracket);
    this.#containers[this.depth] = container;
    this.depth++;
    this.needsComma = false;
    return this;
  }

  #end(bracket: string): this {
    this.depth--;
    if (this.needsComma) this.#newLine();
    this.sink.latin1(bracket);
    this.needsComma = true;
    return this;
  }

  #separate(): void {
    if (this.needsComma) this.sink.latin1(',');
    this.needsComma = true;
    this.#afterName = false;
  }

  #newLine(): void {
    if (this.pretty) this.sink.latin1(`\n${'    '.repeat(this.depth)}`);
  }
}

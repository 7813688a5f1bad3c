import { UsageError } from '../errors/index.ts';

const initialBytes = 256 * 1024;
const mostBytes = 256 * 1024 * 1024;

const [tab, newline, carriageReturn, space, quote, comma, backslash] = [9, 10, 13, 32, 34, 44, 92];
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125];

/** JSON text, one value a line, read as it comes: only the piece at hand is in memory. Errors are UsageErrors. */
export class JsonSource {
  readonly #fill: (into: Uint8Array) => number;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #bytes = new Uint8Array(initialBytes);
  #at = 0;
  #end = 0;

  /** `fill` reads what fits and answers how many bytes; 0 at the end. */
  constructor(fill: (into: Uint8Array) => number) {
    this.#fill = fill;
  }

  /** The next byte that is no space; a newline is none. -1 at the end of the text. */
  peek(): number {
    for (;;) {
      if (this.#at === this.#end && !this.#more()) return -1;
      const byte = this.#bytes[this.#at]!;
      if (byte !== space && byte !== tab && byte !== carriageReturn) return byte;
      this.#at++;
    }
  }

  /** Takes the next character if it is this one. */
  takes(character: string): boolean {
    if (this.peek() !== character.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }

  /** Takes one of these characters and answers it. */
  oneOf(characters: string, path: string): string {
    const byte = this.peek();
    const found = byte < 0 ? '' : String.fromCharCode(byte);
    if (found === '' || !characters.includes(found)) this.bad(path, `expected ${[...characters].join(' or ')}`);
    this.#at++;
    return found;
  }

  /** The text of the next value, up to the comma or bracket behind it. */
  value(path: string): string {
    const end = this.#scan(0, path);
    const text = this.#text(end);
    if (text.trim() === '') this.bad(path, 'expected a value');
    return text;
  }

  /**
   * Whole elements of a list whose bracket has been taken, at least as many as `least` bytes hold, with the commas between
   * them; `ended` when the list's end has been taken behind them.
   */
  elements(least: number, path: string): { text: string; ended: boolean } {
    const end = this.#scan(least, path);
    const text = this.#text(end);
    return { text, ended: this.oneOf(',]', path) === ']' };
  }

  /** Up to `most` characters of a string without escapes whose quote has been taken; `ended` when its end has been too. */
  characters(most: number, path: string): { text: string; ended: boolean } {
    this.#makeRoom();
    if (this.#end - this.#at < most) this.#more();
    const limit = Math.min(this.#end, this.#at + most);
    let end = this.#at;
    while (end < limit && this.#bytes[end] !== quote && this.#bytes[end] !== newline) end++;
    if (end === this.#at && this.#bytes[end] !== quote) this.bad(path, 'a string without an end');
    const ended = end < this.#end && this.#bytes[end] === quote;
    const text = this.#text(end);
    if (ended) this.#at++;
    return { text, ended };
  }

  /** Goes on behind the next newline. */
  skipLine(): void {
    for (;;) {
      const found = this.#bytes.subarray(0, this.#end).indexOf(newline, this.#at);
      this.#at = found < 0 ? this.#end : found + 1;
      if (found >= 0 || !this.#more()) return;
    }
  }

  /** Throws with what stands there instead. */
  bad(path: string, problem: string): never {
    const byte = this.#at < this.#end ? this.#bytes[this.#at]! : -1;
    const found = byte < 0 || byte === newline ? 'the line ends' : JSON.stringify(String.fromCharCode(byte));
    throw new UsageError(`${path}: ${problem}, got ${found}`);
  }

  #text(end: number): string {
    const text = this.#decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return text;
  }

  /** Where the value ends that begins here; a comma ends only a text of at least `least` bytes. */
  #scan(least: number, path: string): number {
    if (this.peek() < 0) return this.#at;
    let depth = 0;
    this.#makeRoom();
    for (let at = this.#at; ; at++) {
      if (at === this.#end && !this.#more()) return at;
      const byte = this.#bytes[at];
      if (byte === quote) at = this.#stringEnd(at, path);
      else if (byte === openBracket || byte === openBrace) depth++;
      else if (byte === closeBracket || byte === closeBrace) {
        if (depth === 0) return at;
        depth--;
      } else if (byte === comma) {
        if (depth === 0 && at - this.#at >= least) return at;
      } else if (byte === newline) return at;
    }
  }

  #stringEnd(start: number, path: string): number {
    for (let at = start + 1; ; at++) {
      if (at === this.#end && !this.#more()) this.bad(path, 'a string without an end');
      const byte = this.#bytes[at];
      if (byte === quote) return at;
      if (byte === newline) this.bad(path, 'a string without an end');
      if (byte === backslash) {
        at++;
        if (at === this.#end) this.#more();
      }
    }
  }

  /** What has been taken makes room; places move. */
  #makeRoom(): void {
    if (this.#at <= initialBytes / 2) return;
    this.#bytes.copyWithin(0, this.#at, this.#end);
    this.#end -= this.#at;
    this.#at = 0;
  }

  /** Reads on behind what is there; places stay, unless all has been taken. */
  #more(): boolean {
    if (this.#at === this.#end) {
      this.#at = 0;
      this.#end = 0;
    }
    if (this.#end === this.#bytes.length) {
      if (this.#end >= mostBytes) throw new UsageError(`a value of more than ${mostBytes} bytes of text`);
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const read = this.#fill(this.#bytes.subarray(this.#end));
    this.#end += read;
    return read > 0;
  }
}

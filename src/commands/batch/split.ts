/** The longest command, in bytes, continuation lines included. */
export const maxCommandBytes = 65_535;
const maxWords = 4095;

/** Blank, tab, carriage return, newline. */
const isBlank = (code: number) => code === 32 || (code >= 9 && code <= 13 && code !== 11 && code !== 12);

/** What keeps a line from being a command. */
export type SplitError = 'too many arguments' | 'unterminated quoted string';

/**
 * Splits a command at blanks. A word that starts with a quote reaches to the next quote of its kind; quotes inside
 * a word are part of it. There is no escaping.
 */
export function splitWords(line: string): string[] | SplitError {
  const words: string[] = [];
  let at = 0;
  const { length } = line;
  for (;;) {
    while (at < length && isBlank(line.charCodeAt(at))) at++;
    if (at >= length) break;
    const start = at;
    if (words.length >= maxWords) return 'too many arguments';
    const quote = line[start];
    if (quote === "'" || quote === '"') {
      const end = line.indexOf(quote, start + 1);
      if (end < 0) return 'unterminated quoted string';
      words.push(line.slice(start + 1, end));
      at = end + 1;
    } else {
      let value = 0;
      for (; at < length; at++) {
        const code = line.charCodeAt(at);
        if (isBlank(code)) break;
        value = code >= 48 && code <= 57 && value >= 0 && value < decimals.length ? value * 10 + code - 48 : -1;
      }
      // Most words are the bytes of keys and values, whose text need not be made again.
      const isKnown = value >= 0 && value < decimals.length && at - start <= 3 && (quote !== '0' || at - start === 1);
      words.push(isKnown ? decimals[value]! : line.slice(start, at));
    }
  }
  return words;
}

const decimals = Array.from({ length: 1000 }, (_, value) => String(value));

// biome-ignore lint/suspicious/noControlCharactersInRegex: everything but ASCII needs decoding
const ascii = /^[\u0000-\u007f]*$/;

function decode(word: string): string {
  return Buffer.from(word, 'latin1').toString('utf8');
}

/** Cuts a line at a NUL byte and at `#`, which starts a comment even inside quotes. */
export function cutComment(line: string): string {
  const nul = line.indexOf('\0');
  const text = nul < 0 ? line : line.slice(0, nul);
  const hash = text.indexOf('#');
  return hash < 0 ? text : text.slice(0, hash);
}

export type Command = { words: string[] } | { error: string } | 'unreadable length';

/**
 * Reads the next command with its continuation lines. `nextLine` gives lines as one character per byte; words are decoded.
 * `number` is the count of commands before it, which the messages name. Undefined at the end of the input.
 */
export function nextCommand(nextLine: () => string | undefined, number: number): Command | undefined {
  for (;;) {
    const line = nextLine();
    if (line === undefined) return undefined;
    let text = cutComment(line);
    if (text.length === maxCommandBytes) return 'unreadable length';
    while (text.endsWith('\\\n')) {
      const more = nextLine();
      if (more === undefined || more === '' || more[0] === '\0') {
        return { error: `missing continuation line on command ${number}` };
      }
      const continued = cutComment(more);
      if (text.length + continued.length + 1 > maxCommandBytes + 1) return { error: `command ${number} is too long` };
      text = text.slice(0, -2) + continued;
    }
    const words = splitWords(text);
    if (typeof words === 'string') {
      return {
        error: words === 'too many arguments' ? `${words} to command ${number}` : `${words} in command ${number}`,
      };
    }
    if (words.length > 0) return { words: ascii.test(text) ? words : words.map(decode) };
  }
}

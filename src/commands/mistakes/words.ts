import type { FormReader } from '../../cli/index.ts';
import { meantBy } from './meant.ts';

/** The words after a verb, and what may stand there. */
export interface TypedVerb {
  /** Object and verb by their whole names: `map dump`. */
  readonly command: string;
  readonly words: readonly string[];
  readonly reader: FormReader;
}

const handles = ['id', 'name', 'pinned', 'tag'];
/** More than these nobody reads in a hint. */
const mostListed = 10;
const list = (words: readonly string[]) => {
  if (words.length > mostListed)
    return `${words.slice(0, mostListed).join(', ')} and ${words.length - mostListed} others`;
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
};
/** As a line that can be typed again. */
const quoted = (word: string) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word}'`);
const line = (command: string, words: readonly string[]) => [command, ...words.map(quoted)].join(' ');

/** What is wrong with the words after a verb, by its forms alone; undefined where nothing is. */
export function wordsHint(typed: TypedVerb): string | undefined {
  const { command, words, reader } = typed;
  const { expected, understood } = reader.read(words);
  const before = line(command, words.slice(0, understood));
  const places = expected.values.map(({ name }) => (name === 'BYTE' ? 'BYTES' : name));
  if (understood === words.length) {
    if (expected.canEnd) return hexHint(typed);
    return `missing after '${before}': ${list([...expected.words, ...places])}`;
  }
  const word = words[understood]!;
  const isByte = places.includes('BYTES');
  const inserted = insertedHint(typed, understood, expected.words);
  if (inserted !== undefined && /^\d+$/.test(word)) return inserted;
  const meant = meantBy(word, expected.words);
  if (meant !== undefined) return `no '${word}' after '${before}'; did you mean '${meant}'?`;
  if (isByte) return bytesHint(typed, understood);
  if (inserted !== undefined) return inserted;
  if (expected.words.length + places.length === 0) {
    return `'${word}' is too much: nothing follows '${before}'`;
  }
  const number = places.find((name) => /_ID$/.test(name));
  if (number !== undefined && expected.words.length === 0) {
    return `'${word}' is no id, which is a number: ${line(command, [...words.slice(0, understood - 1), 'name', word])}`;
  }
  return `'${word}' was not understood: after '${before}' comes ${list([...expected.words, ...places])}`;
}

/** The line with one keyword more, where that makes it right. */
function insertedHint({ command, words, reader }: TypedVerb, at: number, keywords: readonly string[]) {
  const withKeyword = (keyword: string) => [...words.slice(0, at), keyword, ...words.slice(at)];
  const right = keywords.filter((keyword) => {
    const { expected, understood } = reader.read(withKeyword(keyword));
    return understood === words.length + 1 && expected.canEnd;
  });
  const keyword = right.length > 1 ? fittingHandle(words[at]!, right) : right[0];
  return keyword === undefined ? undefined : line(command, withKeyword(keyword));
}

/** Which of the words that may name an object goes with this one. */
function fittingHandle(word: string, keywords: readonly string[]): string | undefined {
  if (!keywords.some((keyword) => handles.includes(keyword))) return undefined;
  const ways: readonly (readonly [string, boolean])[] = [
    ['id', /^\d+$/.test(word)],
    ['pinned', word.includes('/')],
    ['file', word.includes('/')],
    ['tag', /^[0-9a-f]{16}$/.test(word)],
    ['name', true],
  ];
  return ways.find(([keyword, fits]) => fits && keywords.includes(keyword))?.[0];
}

/** Of a word that should be a byte. */
function bytesHint({ command, words }: TypedVerb, at: number): string {
  const word = words[at]!;
  const start = Math.max(words.lastIndexOf('key', at), words.lastIndexOf('value', at));
  const digits = word.replace(/^0x/i, '');
  const isHex = /^(?:[0-9a-f]{2}){2,}$/i.test(digits);
  if (isHex && (digits !== word || /^0|[a-f]/i.test(digits) || digits.length > 10)) {
    const bytes = digits.match(/../g)!;
    return bytes.length > 64
      ? 'bytes stand apart, in hexadecimal after the word hex'
      : line(command, [...words.slice(0, start + 1), 'hex', ...bytes, ...words.slice(at + 1)]);
  }
  if (/^\d+$/.test(word)) {
    const bytes: number[] = [];
    for (let rest = BigInt(word); rest > 0n || bytes.length < 4; rest >>= 8n) bytes.push(Number(rest & 0xffn));
    return `'${word}' is no byte (0 to 255): a number stands as its bytes, the lowest first: ${bytes.join(' ')}`;
  }
  const bytes = [...Buffer.from(word)].map((byte) => byte.toString(16).padStart(2, '0'));
  return `'${word}' is no byte; as text it is: ${bytes.length > 64 ? 'its bytes after the word hex' : `hex ${bytes.join(' ')}`}`;
}

/** Hexadecimal digits that only the word hex makes bytes. */
function hexHint({ command, words }: TypedVerb): string | undefined {
  for (const [i, word] of words.entries()) {
    if ((word !== 'key' && word !== 'value') || words[i + 1] === 'hex') continue;
    const after = words.slice(i + 1);
    const end = after.findIndex((each) => !/^(?:0x)?[0-9a-f]{1,2}$/i.test(each));
    const bytes = end < 0 ? after : after.slice(0, end);
    if (!bytes.some((byte) => /^[0-9a-f]*[a-f][0-9a-f]*$/i.test(byte))) continue;
    return line(command, [...words.slice(0, i + 1), 'hex', ...after]);
  }
  return undefined;
}

import { fail } from './failure.ts';
import type { Words } from './words.ts';

const digits = '0123456789abcdefghijklmnopqrstuvwxyz';
const max64 = 0xffff_ffff_ffff_ffffn;

/** What strtoull(3) makes of `text`: the value modulo 2^64 (saturated when too large) and the text after the number. */
export interface Strtoul {
  value: bigint;
  rest: string;
}

/** strtoull(3): leading space, sign, base 0 (0x…, 0…, decimal), 8, 10 or 16. No digits: 0 and the whole text as rest. */
export function strtoul(text: string, base: 0 | 8 | 10 | 16): Strtoul {
  const head = /^[ \t\n\v\f\r]*([+-]?)/.exec(text)!;
  let at = head[0].length;
  let radix: number = base;
  if ((base === 0 || base === 16) && /^0x[0-9a-f]/i.test(text.slice(at))) {
    at += 2;
    radix = 16;
  } else if (base === 0) radix = text[at] === '0' ? 8 : 10;
  const first = at;
  let value = 0n;
  for (; at < text.length; at++) {
    const digit = digits.indexOf(text[at]!.toLowerCase());
    if (digit < 0 || digit >= radix) break;
    value = value * BigInt(radix) + BigInt(digit);
    if (value > max64) value = max64 + 1n;
  }
  if (at === first) return { value: 0n, rest: text };
  if (value > max64) return { value: max64, rest: text.slice(at) };
  return { value: head[1] === '-' ? -value & max64 : value, rest: text.slice(at) };
}

/** Parses the next word as a base-0 number cut to 32 bits; `what` names it in the error. */
export function parseU32(words: Words, what: string): number {
  const word = words.next();
  const { value, rest } = strtoul(word, 0);
  if (rest !== '') fail(`can't parse ${word} as ${what}`);
  return Number(value & 0xffff_ffffn);
}

/** A number argument that may be given once: `current` is what earlier words set (0 = nothing yet). */
export function parseU32Once(words: Words, current: number, what: string): number {
  if (current !== 0) fail(`${what} already specified`);
  return parseU32(words, what);
}

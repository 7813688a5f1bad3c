import { ParseError } from '../../errors/index.ts';

export const Tag = {
  INTEGER: 0x02,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  SEQUENCE: 0x30,
  SET: 0x31,
  /** Context-specific, by number. */
  CONTEXT: 0x80,
  CONSTRUCTED: 0x20,
} as const;

/** One DER element: tag, length, contents one after the other. */
export function encode(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | bytes.length, ...bytes];
  return Buffer.concat([Uint8Array.from(head), ...contents]);
}

/** An object identifier from its dotted form. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((number) => {
    const groups = [number % 128];
    for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift((left % 128) | 0x80);
    }
    return groups;
  });
  return encode(Tag.OBJECT_IDENTIFIER, Uint8Array.from(bytes));
}

export interface Element {
  readonly tag: number;
  readonly contents: Uint8Array;
}

/** The elements that stand one after the other in `bytes`. ParseError where one reaches outside. */
export function decode(bytes: Uint8Array): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const bad = () => new ParseError('DER', start, 'expected an element inside the data');
    const tag = bytes[at++]!;
    let length = bytes[at++] ?? 0x80;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || at + count > bytes.length) throw bad();
      length = 0;
      for (let index = 0; index < count; index++) length = length * 256 + bytes[at++]!;
    }
    if (at + length > bytes.length) throw bad();
    elements.push({ tag, contents: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

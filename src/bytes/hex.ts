import { UsageError } from '../errors/index.ts';

const digits: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Two lower-case hex digits a byte, joined by `separator` (none by default). */
export function toHex(bytes: Uint8Array, separator = ''): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    if (i > 0) text += separator;
    text += digits[bytes[i] as number];
  }
  return text;
}

/**
 * Bytes from hex digits: `deadbeef`, `de ad be ef`, `de:ad:be:ef`. White space, `:` and `-` separate bytes.
 * Throws UsageError for an odd number of digits or any other character.
 */
export function parseHexBytes(text: string): Uint8Array {
  const compact = text.replace(/[\s:-]+/g, '');
  if (compact.length % 2 !== 0) throw new UsageError(`odd number of hex digits in '${text}'`);
  if (!/^[0-9a-fA-F]*$/.test(compact)) throw new UsageError(`'${text}' is not hex bytes`);
  const bytes = new Uint8Array(compact.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(compact.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

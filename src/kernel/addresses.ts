import { isIP } from 'node:net';

/** The bytes of an IPv4 (4) or IPv6 address (16), in network order; undefined for what is none, zones included. */
export function ipBytes(text: string): Uint8Array | undefined {
  const version = text.includes('%') ? 0 : isIP(text);
  if (version === 4) return Uint8Array.from(text.split('.'), Number);
  if (version !== 6) return undefined;
  const dotted = /[\d.]+$/.exec(text)?.[0] ?? '';
  const last = dotted.includes('.') ? ipBytes(dotted) : undefined;
  const groups = last === undefined ? text : `${text.slice(0, -dotted.length)}${group(last, 0)}:${group(last, 2)}`;
  const [head = '', tail] = groups.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [words(head), words(tail ?? '')];
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of before.entries()) view.setUint16(i * 2, Number.parseInt(word, 16));
  for (const [i, word] of after.entries()) view.setUint16(16 - (after.length - i) * 2, Number.parseInt(word, 16));
  return bytes;
}

const group = (bytes: Uint8Array, at: number): string => ((bytes[at]! << 8) | bytes[at + 1]!).toString(16);

/** The text of an address of 4 or 16 bytes; IPv6 as RFC 5952 has it. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => group(bytes, i * 2));
  let [start, length] = [0, 0];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === '0') end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** The six bytes of a hardware address as `00:1a:2b:3c:4d:5e`; undefined for what is none. */
export function macBytes(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (byte) => Number.parseInt(byte, 16));
}

/** A hardware address as `00:1a:2b:3c:4d:5e`. */
export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

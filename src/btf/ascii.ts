import { encodeUtf8 } from '../bytes/index.ts';

/** Writers of ASCII into bytes: each returns the position after what it wrote. Callers make room first. */

/** The two digits of each number below 100, the first in the upper byte. */
const pairs = Uint16Array.from(
  { length: 100 },
  (_, value) => ((48 + Math.floor(value / 10)) << 8) | (48 + (value % 10)),
);

/** Unsigned decimal of an integer below 2^32. */
export function putU32(view: DataView, pos: number, value: number): number {
  if (value < 10) {
    view.setUint8(pos, 48 + value);
    return pos + 1;
  }
  let end = pos + 2;
  if (value >= 100) {
    if (value < 1000) end = pos + 3;
    else if (value < 10000) end = pos + 4;
    else if (value < 100000) end = pos + 5;
    else if (value < 1000000) end = pos + 6;
    else if (value < 10000000) end = pos + 7;
    else if (value < 100000000) end = pos + 8;
    else if (value < 1000000000) end = pos + 9;
    else end = pos + 10;
  }
  let rest = value >>> 0;
  let at = end - 2;
  for (; at >= pos; at -= 2) {
    const hundredth = (rest / 100) >>> 0;
    view.setUint16(at, pairs[rest - hundredth * 100]!);
    rest = hundredth;
  }
  if (at === pos - 1) view.setUint8(pos, 48 + rest);
  return end;
}

/** Decimal digits of a signed 32-bit number, at most 11 bytes. Returns where they end. */
export function putI32(view: DataView, pos: number, value: number): number {
  if (value >= 0) return putU32(view, pos, value);
  view.setUint8(pos, 45);
  return putU32(view, pos + 1, -value);
}

function putFour(view: DataView, pos: number, value: number): void {
  const hundredth = (value / 100) | 0;
  view.setUint16(pos, pairs[hundredth]!);
  view.setUint16(pos + 2, pairs[value - hundredth * 100]!);
}

function putNine(view: DataView, pos: number, value: number): number {
  const high = (value / 10000) | 0;
  const top = (high / 10000) | 0;
  view.setUint8(pos, 48 + top);
  putFour(view, pos + 1, high - top * 10000);
  putFour(view, pos + 5, value - high * 10000);
  return pos + 9;
}

/** Unsigned decimal of hi * 2^32 + lo. */
export function putU64(view: DataView, pos: number, hi: number, lo: number): number {
  if (hi === 0) return putU32(view, pos, lo);
  const billion = 1e9;
  const top = Math.floor(hi / billion);
  let part = (hi - top * billion) * 65536 + (lo >>> 16);
  const middle = Math.floor(part / billion);
  part = (part - middle * billion) * 65536 + (lo & 0xffff);
  const bottom = Math.floor(part / billion);
  const low = part - bottom * billion;
  const rest = top * 4294967296 + middle * 65536 + bottom;
  if (rest < billion) return putNine(view, putU32(view, pos, rest), low);
  const high = Math.floor(rest / billion);
  return putNine(view, putNine(view, putU32(view, pos, high), rest - high * billion), low);
}

/** Decimal digits of a signed 64-bit number in two halves, at most 20 bytes. Returns where they end. */
export function putI64(view: DataView, pos: number, hi: number, lo: number): number {
  if (hi < 0x80000000) return putU64(view, pos, hi, lo);
  view.setUint8(pos, 45);
  const low = -lo >>> 0;
  return putU64(view, pos + 1, (~hi + (low === 0 ? 1 : 0)) >>> 0, low);
}

/** Lower-case hex without leading zeroes. */
export function putHex32(buf: Uint8Array, pos: number, value: number): number {
  let shift = value === 0 ? 0 : (31 - Math.clz32(value)) & ~3;
  let at = pos;
  for (; shift >= 0; shift -= 4) {
    const digit = (value >>> shift) & 15;
    buf[at++] = digit < 10 ? 48 + digit : 87 + digit;
  }
  return at;
}

/** As `putHex32`, of a 64-bit number in two halves. Returns where the digits end. */
export function putHex64(buf: Uint8Array, pos: number, hi: number, lo: number): number {
  if (hi === 0) return putHex32(buf, pos, lo);
  let at = putHex32(buf, pos, hi);
  for (let shift = 28; shift >= 0; shift -= 4) {
    const digit = (lo >>> shift) & 15;
    buf[at++] = digit < 10 ? 48 + digit : 87 + digit;
  }
  return at;
}

/** Characters of a string that are all below U+0080. */
export function putText(buf: Uint8Array, pos: number, text: string): number {
  let at = pos;
  for (let i = 0; i < text.length; i++) buf[at++] = text.charCodeAt(i);
  return at;
}

/** Copies bytes. Returns where they end. */
export function putBytes(buf: Uint8Array, pos: number, bytes: Uint8Array): number {
  buf.set(bytes, pos);
  return pos + bytes.length;
}

/** Any text, as UTF-8. */
export function putUtf8(buf: Uint8Array, pos: number, text: string): number {
  return putBytes(buf, pos, encodeUtf8(text));
}

/**
 * The C string in a char array of `count` bytes as a JSON string, or -1 (nothing written) where it is not
 * NUL-terminated or not all printable ASCII.
 */
export function putCharArray(buf: Uint8Array, pos: number, bytes: Uint8Array, offset: number, count: number): number {
  let at = pos;
  buf[at++] = 34;
  for (let i = offset; i < offset + count; i++) {
    const byte = bytes[i] as number;
    if (byte === 0) {
      buf[at] = 34;
      return at + 1;
    }
    if (!(byte > 0x1f && byte < 0x7f)) return -1;
    if (byte === 34 || byte === 92) buf[at++] = 92;
    buf[at++] = byte;
  }
  return -1;
}

/** As `putCharArray`; also text that fills the array, so that there is no NUL. */
export function putFullCharArray(
  buf: Uint8Array,
  pos: number,
  bytes: Uint8Array,
  offset: number,
  count: number,
): number {
  const end = putCharArray(buf, pos, bytes, offset, count);
  if (end >= 0) return end;
  let at = pos;
  buf[at++] = 34;
  for (let i = offset; i < offset + count; i++) {
    const byte = bytes[i] ?? 0;
    if (!(byte > 0x1f && byte < 0x7f)) return -1;
    if (byte === 34 || byte === 92) buf[at++] = 92;
    buf[at++] = byte;
  }
  buf[at++] = 34;
  return at;
}

/** Where a bit-field lies. */
export interface BitField {
  /** Where it starts, in bits from the byte it is read from. */
  readonly bit: number;
  readonly count: number;
  readonly littleEndian: boolean;
}

/** A bit-field that starts within the byte at `offset`, as hex (`0x` included). */
export function putBits(buf: Uint8Array, pos: number, bytes: Uint8Array, offset: number, field: BitField): number {
  const { bit, count, littleEndian } = field;
  let at = putText(buf, pos, '0x');
  if (littleEndian && bit + count <= 32) {
    let word = 0;
    for (let i = (bit + count + 7) >> 3; i > 0; i--) word = (word << 8) | (bytes[offset + i - 1] ?? 0);
    word = count === 32 ? word >>> 0 : (word >>> bit) & (2 ** count - 1);
    return putHex32(buf, at, word >>> 0);
  }
  const value = readBits(bytes, offset, bit, count, littleEndian);
  at = putText(buf, at, value.toString(16));
  return at;
}

/** An unsigned bit-field. Little-endian counts bits from the least significant, big-endian from the most. */
export function readBits(bytes: Uint8Array, offset: number, bit: number, count: number, littleEndian: boolean): bigint {
  const length = (bit + count + 7) >> 3;
  let word = 0n;
  for (let i = 0; i < length; i++) {
    const byte = bytes[offset + (littleEndian ? length - 1 - i : i)] ?? 0;
    word = (word << 8n) | BigInt(byte);
  }
  const shift = littleEndian ? bit : length * 8 - bit - count;
  return BigInt.asUintN(count, word >> BigInt(shift));
}

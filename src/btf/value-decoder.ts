import { decodeUtf8 } from '../bytes/index.ts';
import { UsageError } from '../errors/index.ts';
import { readBits } from './ascii.ts';
import type { Btf } from './parse.ts';
import { type FieldLayout, isWhole, type ValueLayout, valueLayout } from './value-layout.ts';

/** A BTF value in JavaScript: integers of up to 32 bits are numbers, wider ones and pointers bigints. */
export type BtfValue = number | bigint | boolean | string | BtfValue[] | { [name: string]: BtfValue };

/** How values come out. */
export interface ValueDecoderOptions {
  /**
   * Char arrays: strings only where they come back as the same bytes (`exact`, unless given), or always, up to the first NUL
   * (`cut`), as in buffers of which a program filled the beginning.
   */
  readonly text?: 'exact' | 'cut';
  /** Values of enums as their names, where they have some (unless given), or always as numbers. */
  readonly enums?: 'names' | 'numbers';
}

/** What all decoders of one value share. */
type How = Required<ValueDecoderOptions> & { readonly littleEndian: boolean };

/** Reads one value that begins at `offset` bytes, 0 unless given. */
export type ValueDecoder = (bytes: Uint8Array, offset?: number) => BtfValue;

/**
 * A decoder for one type. Structs and unions become objects (a union has all its members; those of anonymous members
 * are the parent's), enums their names where known, NUL-terminated char arrays of valid UTF-8 strings. Bytes beyond
 * the end read as 0.
 */
export function compileValueDecoder(btf: Btf, typeId: number, options: ValueDecoderOptions = {}): ValueDecoder {
  const { text = 'exact', enums = 'names' } = options;
  if (enums !== 'names' && enums !== 'numbers')
    throw new UsageError(`enums: 'names' or 'numbers', not ${String(enums)}`);
  const decode = layoutDecoder(valueLayout(btf, typeId), { text, enums, littleEndian: btf.littleEndian });
  return (bytes, offset = 0) => decode(bytes, offset);
}

type Decode = (bytes: Uint8Array, offset: number) => BtfValue;

/** A decoder of one layout. */
export function layoutDecoder(layout: ValueLayout, how: How): Decode {
  const { littleEndian } = how;
  switch (layout.kind) {
    case 'int':
      if (isWhole(layout)) return integer(layout, littleEndian);
      return bitField(layout, { bitOffset: layout.bitOffset, bitSize: layout.bits, how });
    case 'bool':
      return bitField(layout, { bitOffset: layout.bitOffset, bitSize: layout.bits, how });
    case 'float':
      return float(layout.size, littleEndian);
    case 'enum':
      return named(integer(layout, littleEndian), layout.names, how);
    case 'array':
      return array(layout, how);
    default:
      return composite(layout, how);
  }
}

function integer({ bits, signed }: { bits: number; signed: boolean }, littleEndian: boolean): Decode {
  if (bits === 64) {
    const half = integer({ bits: 32, signed: false }, littleEndian) as (bytes: Uint8Array, offset: number) => number;
    const [low, high] = littleEndian ? [0, 4] : [4, 0];
    return (bytes, offset) => {
      const [upper, lower] = [half(bytes, offset + high), half(bytes, offset + low)];
      // A number holds 53 bits exactly.
      if (upper < 0x20_0000) return BigInt(upper * 0x1_0000_0000 + lower);
      const value = (BigInt(upper) << 32n) | BigInt(lower);
      return signed ? BigInt.asIntN(64, value) : value;
    };
  }
  if (bits > 32) {
    return (bytes, offset) => {
      const value = readBits(bytes, offset, 0, bits, littleEndian);
      return signed ? BigInt.asIntN(bits, value) : value;
    };
  }
  const size = bits / 8;
  const unused = 32 - bits;
  return (bytes, offset) => {
    let word = 0;
    for (let i = 0; i < size; i++) word = (word << 8) | (bytes[offset + (littleEndian ? size - 1 - i : i)] ?? 0);
    return signed ? (word << unused) >> unused : (word << unused) >>> unused;
  };
}

function named(read: Decode, names: ReadonlyMap<string, bigint>, { enums }: How): Decode {
  if (enums === 'numbers') return read;
  const byValue = new Map<bigint, string>();
  for (const [name, value] of names) if (!byValue.has(value)) byValue.set(value, name);
  return (bytes, offset) => {
    const value = read(bytes, offset);
    return byValue.get(BigInt(value as number | bigint)) ?? value;
  };
}

function float(size: number, littleEndian: boolean): Decode {
  if (size !== 4 && size !== 8) return integer({ bits: size * 8, signed: false }, littleEndian);
  const copy = new Uint8Array(size);
  const view = new DataView(copy.buffer);
  return (bytes, offset) => {
    for (let i = 0; i < size; i++) copy[i] = bytes[offset + i] ?? 0;
    return size === 4 ? view.getFloat32(0, littleEndian) : view.getFloat64(0, littleEndian);
  };
}

function array(layout: ValueLayout & { kind: 'array' }, how: How): Decode {
  const { length, stride } = layout;
  const element = layoutDecoder(layout.element, how);
  const list: Decode = (bytes, offset) => {
    const values: BtfValue[] = [];
    for (let i = 0; i < length; i++) values.push(element(bytes, offset + i * stride));
    return values;
  };
  if (!layout.isText) return list;
  if (how.text === 'cut') return (bytes, offset) => cutText(bytes, offset, offset + length);
  return (bytes, offset) => textOf(bytes.subarray(offset, offset + length)) ?? list(bytes, offset);
}

/** Up to the first NUL or the end. What is no UTF-8 becomes the character that stands for that. */
function cutText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) break;
    if (byte >= 0x80) {
      const stop = bytes.indexOf(0, at);
      return decodeUtf8(bytes.subarray(start, stop < 0 || stop > end ? end : stop));
    }
    text += String.fromCharCode(byte);
  }
  return text;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The string in a char array; undefined unless it ends with a NUL, only NULs follow, and it is UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  if (end < 0 || bytes.subarray(end).some((byte) => byte !== 0)) return undefined;
  try {
    return strict.decode(bytes.subarray(0, end));
  } catch {
    return undefined;
  }
}

function composite(layout: ValueLayout & { kind: 'struct' | 'union' }, how: How): Decode {
  const fields = layout.fields.map((field) => ({ name: field.name, read: fieldDecoder(field, how) }));
  return (bytes, offset) => {
    const value: { [name: string]: BtfValue } = {};
    for (const { name, read } of fields) {
      const inner = read(bytes, offset);
      if (name !== '') define(value, name, inner);
      else for (const [key, item] of Object.entries(inner as object)) define(value, key, item);
    }
    return value;
  };
}

/** Own property even for `__proto__`. */
function define(object: { [name: string]: BtfValue }, name: string, value: BtfValue): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function fieldDecoder(field: FieldLayout, how: How): Decode {
  const { layout, bitOffset, bitSize } = field;
  if (bitSize > 0) return bitField(layout, { bitOffset, bitSize, how });
  const byte = bitOffset >>> 3;
  const read = layoutDecoder(layout, how);
  return (bytes, offset) => read(bytes, offset + byte);
}

/** `bitSize` bits from `bitOffset` on, counted from the offset that is decoded. */
function bitField(
  layout: ValueLayout,
  { bitOffset, bitSize, how }: { bitOffset: number; bitSize: number; how: How },
): Decode {
  const [byte, bit] = [bitOffset >>> 3, bitOffset & 7];
  const signed = (layout.kind === 'int' || layout.kind === 'enum') && layout.signed;
  const wide: Decode = (bytes, offset) => {
    const raw = readBits(bytes, offset + byte, bit, bitSize, how.littleEndian);
    const value = signed ? BigInt.asIntN(bitSize, raw) : raw;
    return bitSize > 32 ? value : Number(value);
  };
  const read = bit + bitSize <= 32 ? narrowBits(byte, { bit, bitSize, signed, littleEndian: how.littleEndian }) : wide;
  if (layout.kind === 'bool') return (bytes, offset) => Boolean(read(bytes, offset));
  return layout.kind === 'enum' ? named(read, layout.names, how) : read;
}

/** Bits that lie in four bytes. */
function narrowBits(
  byte: number,
  { bit, bitSize, signed, littleEndian }: { bit: number; bitSize: number; signed: boolean; littleEndian: boolean },
): Decode {
  const size = (bit + bitSize + 7) >>> 3;
  const left = 32 - bitSize;
  const shift = littleEndian ? bit : size * 8 - bit - bitSize;
  return (bytes, offset) => {
    let word = 0;
    for (let i = 0; i < size; i++) word = (word << 8) | (bytes[offset + byte + (littleEndian ? size - 1 - i : i)] ?? 0);
    const bits = (word >>> shift) << left;
    return left === 32 ? 0 : signed ? bits >> left : bits >>> left;
  };
}

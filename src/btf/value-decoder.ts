import { readBits } from './ascii.ts';
import type { Btf } from './parse.ts';
import { type FieldLayout, isWhole, type ValueLayout, valueLayout } from './value-layout.ts';

/** A BTF value in JavaScript: integers of up to 32 bits are numbers, wider ones and pointers bigints. */
export type BtfValue = number | bigint | boolean | string | BtfValue[] | { [name: string]: BtfValue };

/** Reads one value that begins at `offset` bytes, 0 unless told. */
export type ValueDecoder = (bytes: Uint8Array, offset?: number) => BtfValue;

/**
 * A decoder for one type. Structs and unions become objects (a union has all its members; those of anonymous members
 * are the parent's), enums their names where known, NUL-terminated char arrays of valid UTF-8 strings. Bytes beyond
 * the end read as 0.
 */
export function compileValueDecoder(btf: Btf, typeId: number): ValueDecoder {
  const decode = decoderOf(valueLayout(btf, typeId), btf.littleEndian);
  return (bytes, offset = 0) => decode(bytes, offset);
}

type Decode = (bytes: Uint8Array, offset: number) => BtfValue;

function decoderOf(layout: ValueLayout, little: boolean): Decode {
  switch (layout.kind) {
    case 'int':
      if (isWhole(layout)) return integer(layout.bits, layout.signed, little);
      return bitField(layout, { bitOffset: layout.bitOffset, bitSize: layout.bits, little });
    case 'bool':
      return bitField(layout, { bitOffset: layout.bitOffset, bitSize: layout.bits, little });
    case 'float':
      return float(layout.size, little);
    case 'enum':
      return named(integer(layout.bits, layout.signed, little), layout.names);
    case 'array':
      return array(layout, little);
    default:
      return composite(layout, little);
  }
}

function integer(bits: number, signed: boolean, little: boolean): Decode {
  if (bits === 64) {
    const half = integer(32, false, little) as (bytes: Uint8Array, offset: number) => number;
    const [low, high] = little ? [0, 4] : [4, 0];
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
      const value = readBits(bytes, offset, 0, bits, little);
      return signed ? BigInt.asIntN(bits, value) : value;
    };
  }
  const size = bits / 8;
  const unused = 32 - bits;
  return (bytes, offset) => {
    let word = 0;
    for (let i = 0; i < size; i++) word = (word << 8) | (bytes[offset + (little ? size - 1 - i : i)] ?? 0);
    return signed ? (word << unused) >> unused : (word << unused) >>> unused;
  };
}

function named(read: Decode, names: ReadonlyMap<string, bigint>): Decode {
  const byValue = new Map<bigint, string>();
  for (const [name, value] of names) if (!byValue.has(value)) byValue.set(value, name);
  return (bytes, offset) => {
    const value = read(bytes, offset);
    return byValue.get(BigInt(value as number | bigint)) ?? value;
  };
}

function float(size: number, little: boolean): Decode {
  if (size !== 4 && size !== 8) return integer(size * 8, false, little);
  return (bytes, offset) => {
    const copy = new Uint8Array(size);
    copy.set(bytes.subarray(offset, offset + size));
    const view = new DataView(copy.buffer);
    return size === 4 ? view.getFloat32(0, little) : view.getFloat64(0, little);
  };
}

function array(layout: ValueLayout & { kind: 'array' }, little: boolean): Decode {
  const { length, stride } = layout;
  const element = decoderOf(layout.element, little);
  const list: Decode = (bytes, offset) => {
    const values: BtfValue[] = [];
    for (let i = 0; i < length; i++) values.push(element(bytes, offset + i * stride));
    return values;
  };
  if (!layout.isText) return list;
  return (bytes, offset) => textOf(bytes.subarray(offset, offset + length)) ?? list(bytes, offset);
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

function composite(layout: ValueLayout & { kind: 'struct' | 'union' }, little: boolean): Decode {
  const fields = layout.fields.map((field) => ({ name: field.name, read: fieldDecoder(field, little) }));
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

function fieldDecoder(field: FieldLayout, little: boolean): Decode {
  const { layout, bitOffset, bitSize } = field;
  if (bitSize > 0) return bitField(layout, { bitOffset, bitSize, little });
  const byte = bitOffset >>> 3;
  const read = decoderOf(layout, little);
  return (bytes, offset) => read(bytes, offset + byte);
}

/** `bitSize` bits from `bitOffset` on, counted from the offset that is decoded. */
function bitField(
  layout: ValueLayout,
  { bitOffset, bitSize, little }: { bitOffset: number; bitSize: number; little: boolean },
): Decode {
  const [byte, bit] = [bitOffset >>> 3, bitOffset & 7];
  const signed = (layout.kind === 'int' || layout.kind === 'enum') && layout.signed;
  const read: Decode = (bytes, offset) => {
    const raw = readBits(bytes, offset + byte, bit, bitSize, little);
    const value = signed ? BigInt.asIntN(bitSize, raw) : raw;
    return bitSize > 32 ? value : Number(value);
  };
  if (layout.kind === 'bool') return (bytes, offset) => Boolean(read(bytes, offset));
  return layout.kind === 'enum' ? named(read, layout.names) : read;
}

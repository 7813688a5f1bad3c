import { encodeUtf8 } from '../bytes/index.ts';
import { UsageError } from '../errors/index.ts';
import { readBits } from './ascii.ts';
import { fastEncoder } from './fast-encoder.ts';
import type { Btf } from './parse.ts';
import { type FieldLayout, layoutSize, memberNames, type ValueLayout, valueLayout } from './value-layout.ts';

/** Turns a JavaScript value into the bytes of one type; UsageError names the path of what does not fit. */
export interface ValueEncoder {
  (value: unknown): Uint8Array;
  /** Bytes of a value. */
  readonly size: number;
  /** Writes from byte `at` on, what is not given as zeros; after an error the memory is undefined. `view` is of the same memory. */
  readonly into: (value: unknown, bytes: Uint8Array, view: DataView, at: number) => void;
  /** Writes over a value from byte `at` on: members and elements that are not given stay. After an error it is undefined. */
  readonly over: (value: unknown, bytes: Uint8Array, at: number) => void;
}

/** How values are taken. */
export interface ValueEncoderOptions {
  /** What paths in errors begin with; `value` unless given. */
  readonly name?: string;
}

/**
 * An encoder for one type: the inverse of the decoder, and more lenient. Integers may be numbers, bigints or strings
 * (`"0x10"`, `"10"`), floats numbers, bigints or strings (`"1e3"`, `"NaN"`, `"Infinity"`, `"-Infinity"`), enums names or
 * integers, char arrays strings, any byte array a Uint8Array. Members left out are 0; of a union's members those given
 * must agree. What would come back as something else is refused: numbers that do not fit, text that is no number.
 */
export function compileValueEncoder(btf: Btf, typeId: number, options: ValueEncoderOptions = {}): ValueEncoder {
  const layout = valueLayout(btf, typeId);
  const size = layoutSize(layout);
  const encode = layoutEncoder(layout, btf.littleEndian);
  const fast = fastEncoder(layout, btf.littleEndian);
  const path = options.name ?? 'value';
  const into: ValueEncoder['into'] = (value, bytes, view, at) => {
    if (fast?.(value, view, bytes, at)) return;
    bytes.fill(0, at, at + size);
    encode(value, { bytes, at, path });
  };
  const whole = (value: unknown) => {
    const bytes = new Uint8Array(size);
    encode(value, { bytes, at: 0, path });
    return bytes;
  };
  const over: ValueEncoder['over'] = (value, bytes, at) => encode(value, { bytes, at, path });
  return Object.assign(whole, { size, into, over });
}

/** Where a value goes: `at` in bytes. */
interface Target {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly path: string;
}

type Encode = (value: unknown, target: Target) => void;

/** An encoder of one layout; what it is not given stays. */
export function layoutEncoder(layout: ValueLayout, littleEndian: boolean): Encode {
  switch (layout.kind) {
    case 'int':
    case 'bool':
    case 'enum':
      return (value, { bytes, at, path }) => {
        const { bits } = layout;
        const bitOffset = layout.kind === 'enum' ? 0 : layout.bitOffset;
        const where = { bytes, at: at + (bitOffset >>> 3), bit: bitOffset & 7, bits, littleEndian };
        writeBits(where, scalar(layout, bits, value, path));
      };
    case 'float':
      return float(layout, littleEndian);
    case 'array':
      return array(layout, littleEndian);
    default:
      return composite(layout, littleEndian);
  }
}

type Scalar = ValueLayout & { kind: 'int' | 'bool' | 'enum' };

/** The integer for a value of `bits` bits, checked. */
function scalar(layout: Scalar, bits: number, value: unknown, path: string): bigint {
  if (layout.kind === 'bool' && typeof value === 'boolean') return value ? 1n : 0n;
  const named = layout.kind === 'enum' && typeof value === 'string' ? layout.names.get(value) : undefined;
  const number = named ?? integerOf(value);
  if (number === undefined) bad(path, `${show(value)} is no ${expected(layout)}`);
  const { signed } = layout.kind === 'bool' ? { signed: false } : layout;
  const least = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const most = layout.kind === 'bool' ? 1n : 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  if (number < least || number > most) bad(path, `${number} does not fit ${layout.text} (${least}…${most})`);
  return number;
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== 'string' || !/^\s*[-+]?(0x[0-9a-f]+|0b[01]+|0o[0-7]+|[0-9]+)\s*$/i.test(value)) return undefined;
  const text = value.trim();
  const digits = text.replace(/^[-+]/, '');
  return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}

function expected(layout: Scalar): string {
  if (layout.kind === 'bool') return 'boolean';
  return layout.kind === 'enum' ? `name or value of ${layout.text}` : `integer (${layout.text})`;
}

function float(layout: ValueLayout & { kind: 'float' }, littleEndian: boolean): Encode {
  const { size, text } = layout;
  return (value, { bytes, at, path }) => {
    const number = numberOf(value);
    if (number === undefined) bad(path, `${show(value)} is no number (${text})`);
    if (isTooLarge(value, size === 4 ? Math.fround(number) : number)) bad(path, `${show(value)} does not fit ${text}`);
    if (size !== 4 && size !== 8) bad(path, `${text} of ${size} bytes cannot be encoded`);
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, size);
    if (size === 4) view.setFloat32(0, number, littleEndian);
    else view.setFloat64(0, number, littleEndian);
  };
}

/** The words and numbers that a float may be given as. */
const floatWords: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  return floatWords.get(text);
}

/** True for finite numbers, in digits or not, that are `stored` as infinite. */
function isTooLarge(value: unknown, stored: number): boolean {
  if (Number.isFinite(stored) || Number.isNaN(stored)) return false;
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'bigint' || /\d/.test(String(value));
}

function array(layout: ValueLayout & { kind: 'array' }, littleEndian: boolean): Encode {
  const { length, stride, text } = layout;
  const element = layoutEncoder(layout.element, littleEndian);
  return (value, { bytes, at, path }) => {
    const raw = layout.isText && typeof value === 'string' ? utf8Of(value, path) : value;
    if (raw instanceof Uint8Array) {
      if (stride !== 1) bad(path, `bytes are no ${text}`);
      if (raw.length > length) bad(path, `${raw.length} bytes do not fit ${text}`);
      bytes.fill(0, at, at + length);
      bytes.set(raw, at);
      return;
    }
    if (!Array.isArray(raw)) bad(path, `${show(value)} is no array (${text})`);
    if (raw.length > length) bad(path, `${raw.length} elements do not fit ${text}`);
    for (const [i, item] of raw.entries()) element(item, { bytes, at: at + i * stride, path: `${path}[${i}]` });
  };
}

function utf8Of(text: string, path: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) bad(path, 'half of a surrogate pair is no character');
  return encodeUtf8(text);
}

/** A member by name, with the names of all; anonymous members are looked through. */
function composite(layout: ValueLayout & { kind: 'struct' | 'union' }, littleEndian: boolean): Encode {
  const owners = new Map<string, FieldLayout>();
  for (const field of layout.fields) {
    for (const name of memberNames([field])) if (!owners.has(name)) owners.set(name, field);
  }
  const encoders = new Map(layout.fields.map((field) => [field, fieldEncoder(field, littleEndian)]));
  const masks = layout.kind === 'union' ? masksOf(layout, littleEndian) : new Map<FieldLayout, Uint8Array>();
  return (value, target) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      bad(target.path, `${show(value)} is no object (${layout.text})`);
    }
    const parts = new Map<FieldLayout, { name: string; value: unknown }>();
    for (const [name, item] of Object.entries(value)) {
      const field = owners.get(name);
      if (field === undefined) {
        bad(target.path, `${layout.text} has no member '${name}'; it has ${[...owners.keys()].join(', ')}`);
      }
      if (field.name !== '') parts.set(field, { name, value: item });
      else {
        const inner = (parts.get(field)?.value ?? Object.create(null)) as Record<string, unknown>;
        inner[name] = item;
        parts.set(field, { name: '', value: inner });
      }
    }
    const write: WritePart = (field, part, { bytes, at }) =>
      encoders.get(field)!(part.value, {
        bytes,
        at,
        path: part.name === '' ? target.path : `${target.path}.${part.name}`,
      });
    if (layout.kind === 'struct') for (const [field, part] of parts) write(field, part, target);
    else writeUnion(parts, masks, target, write);
  };
}

type WritePart = (
  field: FieldLayout,
  part: { name: string; value: unknown },
  to: { readonly bytes: Uint8Array; readonly at: number },
) => void;

/** Each member is encoded apart; a later one must not contradict what an earlier one wrote. `masks`: bits of each. */
function writeUnion(
  parts: ReadonlyMap<FieldLayout, { name: string; value: unknown }>,
  masks: ReadonlyMap<FieldLayout, Uint8Array>,
  target: Target,
  write: WritePart,
): void {
  const { bytes, at } = target;
  const size = masks.values().next().value?.length ?? 0;
  const settled = new Uint8Array(size);
  for (const [field, part] of parts) {
    const scratch = new Uint8Array(size);
    write(field, part, { bytes: scratch, at: 0 });
    for (const [i, mask] of masks.get(field)!.entries()) {
      const [old, byte] = [bytes[at + i] ?? 0, scratch[i] ?? 0];
      if (((old ^ byte) & settled[i]! & mask) !== 0) {
        bad(target.path, `members of a union contradict each other at '${part.name}': give one`);
      }
      bytes[at + i] = (old & ~mask) | (byte & mask);
      settled[i]! |= mask;
    }
  }
}

function masksOf(
  layout: ValueLayout & { kind: 'struct' | 'union' },
  littleEndian: boolean,
): Map<FieldLayout, Uint8Array> {
  return new Map(
    layout.fields.map((field) => {
      const mask = new Uint8Array(layout.size);
      markField(field, mask, 0, littleEndian);
      return [field, mask];
    }),
  );
}

/** Marks the bits of a value that a type uses; what is left is padding. `at` in bytes from the start of `mask`. */
function markUsed(layout: ValueLayout, mask: Uint8Array, at: number, littleEndian: boolean): void {
  if (layout.kind === 'array') {
    for (let i = 0; i < layout.length; i++) markUsed(layout.element, mask, at + i * layout.stride, littleEndian);
  } else if (layout.kind === 'struct' || layout.kind === 'union') {
    for (const field of layout.fields) markField(field, mask, at, littleEndian);
  } else if (layout.kind === 'int' || layout.kind === 'bool') {
    markBits(mask, { at, bitOffset: layout.bitOffset, bits: layout.bits, littleEndian });
  } else {
    mask.fill(255, at, at + layoutSize(layout));
  }
}

function markField(field: FieldLayout, mask: Uint8Array, at: number, littleEndian: boolean): void {
  const { bitOffset, bitSize } = field;
  if (bitSize > 0) markBits(mask, { at, bitOffset, bits: bitSize, littleEndian });
  else markUsed(field.layout, mask, at + (bitOffset >>> 3), littleEndian);
}

function markBits(
  mask: Uint8Array,
  { at, bitOffset, bits, littleEndian }: { at: number; bitOffset: number; bits: number; littleEndian: boolean },
): void {
  writeBits({ bytes: mask, at: at + (bitOffset >>> 3), bit: bitOffset & 7, bits, littleEndian }, -1n);
}

function fieldEncoder(field: FieldLayout, littleEndian: boolean): Encode {
  const { layout, bitSize } = field;
  const byte = field.bitOffset >>> 3;
  if (bitSize === 0) {
    const write = layoutEncoder(layout, littleEndian);
    return (value, target) => write(value, { ...target, at: target.at + byte });
  }
  return (value, { bytes, at, path }) => {
    if (layout.kind !== 'int' && layout.kind !== 'bool' && layout.kind !== 'enum') bad(path, 'no integer bit-field');
    const bits = { bytes, at: at + byte, bit: field.bitOffset & 7, bits: bitSize, littleEndian };
    writeBits(bits, scalar({ ...layout, text: `${layout.text}:${bitSize}` }, bitSize, value, path));
  };
}

function writeBits(
  where: { bytes: Uint8Array; at: number; bit: number; bits: number; littleEndian: boolean },
  value: bigint,
): void {
  const { bytes, at, bit, bits, littleEndian } = where;
  const length = (bit + bits + 7) >> 3;
  const shift = BigInt(littleEndian ? bit : length * 8 - bit - bits);
  const mask = (2n ** BigInt(bits) - 1n) << shift;
  const old = readBits(bytes, at, 0, length * 8, littleEndian);
  let word = (old & ~mask) | (BigInt.asUintN(bits, value) << shift);
  for (let i = 0; i < length; i++) {
    bytes[at + (littleEndian ? i : length - 1 - i)] = Number(word & 0xffn);
    word >>= 8n;
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

function bad(path: string, problem: string): never {
  throw new UsageError(`${path}: ${problem}`);
}

import type { FieldLayout, ValueLayout } from './value-layout.ts';

/** Of a whole integer, without an offset in bits. */
interface IntegerType {
  readonly bits: number;
  readonly signed: boolean;
}

/** Writes one value at `at` and says true; says false, having written anything or nothing, where the case is not plain. */
export type FastEncode = (value: unknown, view: DataView, bytes: Uint8Array, at: number) => boolean;

/**
 * The ordinary cases of an encoder without their cost: numbers within range, ASCII strings, plain objects and arrays.
 * Everything else, and every error, is left to the full encoder. Undefined for layouts that have no plain case.
 */
export function fastEncoder(layout: ValueLayout, littleEndian: boolean): FastEncode | undefined {
  switch (layout.kind) {
    case 'int':
      return layout.bitOffset === 0 && layout.bits === layout.size * 8 ? integer(layout, littleEndian) : undefined;
    case 'bool':
      return layout.size === 1 && layout.bits === 8 && layout.bitOffset === 0 ? boolean : undefined;
    case 'enum': {
      const number = integer(layout, littleEndian);
      if (number === undefined) return undefined;
      const numbers = new Map([...layout.names].map(([name, value]) => [name, Number(value)]));
      return (value, view, bytes, at) =>
        number(typeof value === 'string' ? numbers.get(value) : value, view, bytes, at);
    }
    case 'float':
      return float(layout.size, littleEndian);
    case 'array':
      return array(layout, littleEndian);
    case 'struct':
      return struct(layout.fields, littleEndian);
    default:
      return undefined;
  }
}

function integer(type: IntegerType, littleEndian: boolean): FastEncode | undefined {
  const { bits, signed } = type;
  if (bits === 64) return wide(type, littleEndian);
  // Up to 32 bits every value is exact as a double.
  const least = signed ? -(2 ** (bits - 1)) : 0;
  const most = 2 ** (signed ? bits - 1 : bits) - 1;
  const fits = (value: unknown): value is number =>
    typeof value === 'number' && value >= least && value <= most && Number.isInteger(value);
  switch (bits) {
    case 8:
      return (value, _view, bytes, at) => {
        if (!fits(value)) return false;
        bytes[at] = value;
        return true;
      };
    case 16:
      return (value, view, _bytes, at) => {
        if (!fits(value)) return false;
        view.setInt16(at, value, littleEndian);
        return true;
      };
    case 32:
      return (value, view, _bytes, at) => {
        if (!fits(value)) return false;
        view.setInt32(at, value, littleEndian);
        return true;
      };
    default:
      return undefined;
  }
}

const two32 = 2 ** 32;

function wide({ signed }: IntegerType, littleEndian: boolean): FastEncode {
  const [low, high] = littleEndian ? [0, 4] : [4, 0];
  const [least, most] = signed ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  const decimal = decimalWriter({ low, high, littleEndian });
  return (value, view, _bytes, at) => {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || (value < 0 && !signed)) return false;
      // `| 0` is the lower half of every safe integer, negative ones included.
      view.setInt32(at + low, value | 0, littleEndian);
      view.setInt32(at + high, Math.floor(value / two32), littleEndian);
      return true;
    }
    if (typeof value === 'bigint') {
      if (value < least || value > most) return false;
      view.setBigInt64(at, value, littleEndian);
      return true;
    }
    // Text may have a base or a sign: then the full encoder reads it.
    if (typeof value !== 'string' || signed) return false;
    return decimal(value, view, at);
  };
}

/** Writes decimal digits of up to 64 bits, without a bigint: the words where they lie from `at` on. */
function decimalWriter({ low, high, littleEndian }: { low: number; high: number; littleEndian: boolean }) {
  return (text: string, view: DataView, at: number): boolean => {
    const { length } = text;
    if (length === 0 || length > 20) return false;
    // `head` has at most 11 digits, `tail` nine.
    const split = Math.max(0, length - 9);
    let [head, tail] = [0, 0];
    for (let i = 0; i < length; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (digit < 0 || digit > 9) return false;
      if (i < split) head = head * 10 + digit;
      else tail = tail * 10 + digit;
    }
    // In steps of 16 bits, each below 2^53, which a double holds exactly.
    const base = 10 ** 9;
    const bottom = (head % 65536) * base + tail;
    const top = Math.floor(head / 65536) * base + Math.floor(bottom / 65536);
    const upper = Math.floor(top / 65536);
    if (upper >= two32) return false;
    view.setUint32(at + low, (top % 65536) * 65536 + (bottom % 65536), littleEndian);
    view.setUint32(at + high, upper, littleEndian);
    return true;
  };
}

const boolean: FastEncode = (value, _view, bytes, at) => {
  if (typeof value !== 'boolean') return false;
  bytes[at] = value ? 1 : 0;
  return true;
};

function float(size: number, littleEndian: boolean): FastEncode | undefined {
  if (size === 8) {
    return (value, view, _bytes, at) => {
      if (typeof value !== 'number') return false;
      view.setFloat64(at, value, littleEndian);
      return true;
    };
  }
  if (size !== 4) return undefined;
  return (value, view, _bytes, at) => {
    if (typeof value !== 'number') return false;
    view.setFloat32(at, value, littleEndian);
    return true;
  };
}

function array(layout: ValueLayout & { kind: 'array' }, littleEndian: boolean): FastEncode | undefined {
  const { length, stride, isText } = layout;
  const element = fastEncoder(layout.element, littleEndian);
  if (element === undefined) return undefined;
  return (value, view, bytes, at) => {
    if (typeof value === 'string') return isText && ascii(value, bytes, at, length);
    if (!Array.isArray(value) || value.length > length) return false;
    for (let i = 0; i < value.length; i++) if (!element(value[i], view, bytes, at + i * stride)) return false;
    return true;
  };
}

function ascii(text: string, bytes: Uint8Array, at: number, room: number): boolean {
  const { length } = text;
  if (length > room) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return false;
    bytes[at + i] = code;
  }
  return true;
}

function struct(fields: readonly FieldLayout[], littleEndian: boolean): FastEncode | undefined {
  const members: { name: string; offset: number; encode: FastEncode }[] = [];
  const names = new Set<string>();
  for (const { name, bitOffset, bitSize, layout } of fields) {
    const encode = bitSize === 0 ? fastEncoder(layout, littleEndian) : undefined;
    // Names that repeat, or that mean something to JavaScript, need the full encoder.
    if (encode === undefined || name === '' || name === '__proto__' || names.has(name)) return undefined;
    names.add(name);
    members.push({ name, offset: bitOffset >>> 3, encode });
  }
  return (value, view, bytes, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
      return false;
    let given = 0;
    for (const { name, offset, encode } of members) {
      if (!Object.hasOwn(value, name)) continue;
      given++;
      if (!encode((value as Record<string, unknown>)[name], view, bytes, at + offset)) return false;
    }
    // Whatever is left over is no member, and the full encoder says so.
    for (const _name in value) given--;
    return given === 0;
  };
}

// What a number may be given as: encoded and decoded again it is the same, or it is refused with its path.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BtfBuilder,
  type BtfValue,
  compileValueDecoder,
  compileValueEncoder,
  jsonText,
  type NewBtfType,
  parseBtf,
  parseJsonValue,
} from '../../../src/btf/index.ts';
import { UsageError } from '../../../src/errors/index.ts';

interface Codec {
  encode: (value: unknown) => Uint8Array;
  decode: (bytes: Uint8Array) => BtfValue;
}

function codecOf(littleEndian: boolean, ...types: NewBtfType[]): Codec {
  const builder = new BtfBuilder({ littleEndian });
  const id = types.map((type) => builder.add(type)).at(-1)!;
  const btf = parseBtf(builder.finish());
  return { encode: compileValueEncoder(btf, id), decode: compileValueDecoder(btf, id) };
}

const int = (size: number, signed: boolean): NewBtfType => ({
  kind: 'int',
  name: `${signed ? 's' : 'u'}${size * 8}`,
  size,
  bits: size * 8,
  bitOffset: 0,
  signed,
  char: false,
  bool: false,
});
const bool: NewBtfType = { ...(int(1, false) as Extract<NewBtfType, { kind: 'int' }>), name: 'bool', bool: true };
const float = (size: number): NewBtfType => ({ kind: 'float', name: `f${size}`, size });
const levels: NewBtfType = {
  kind: 'enum',
  name: 'level',
  size: 1,
  signed: false,
  values: [
    { name: 'LOW', value: 0 },
    { name: 'HIGH', value: 200 },
    { name: 'BEYOND', value: 300 },
  ],
};
const bits = (bitSize: number): NewBtfType => ({
  kind: 'struct',
  name: 'bits',
  size: 4,
  kindFlag: true,
  members: [{ name: 'm', typeId: 1, bitOffset: 3, bitSize }],
});

/** The number that text or a value means to a reader; undefined where it means none. */
function meaning(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== 'string' || !/^\s*[-+]?(0x[0-9a-f]+|0b[01]+|0o[0-7]+|\d+)\s*$/i.test(value)) return undefined;
  const text = value.trim();
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace('+', ''));
}

const digits = fc.oneof(
  fc.bigInt({ min: -(2n ** 129n), max: 2n ** 129n }),
  fc.integer().map(BigInt),
  fc.integer({ min: -300, max: 300 }).map(BigInt),
);
const given = fc.oneof(
  digits,
  digits.map(String),
  digits.map((value) => `${value < 0n ? '-' : '+'}0x${(value < 0n ? -value : value).toString(16)}`),
  digits.map((value) => ` 00${value < 0n ? 1n : value} `),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.string(),
  fc.constantFrom(
    '',
    ' ',
    '-',
    '1e3',
    '1,5',
    '0x',
    '1_000',
    '٣',
    'NaN',
    'LOW',
    'HIGH',
    'BEYOND',
    'true',
    null,
    undefined,
    -0,
  ),
);

/** Encodes, or answers that it was refused with a path. */
function encoded({ encode }: Codec, value: unknown): Uint8Array | 'refused' {
  try {
    return encode(value);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.message).toMatch(/^value(\.m)?: /);
    return 'refused';
  }
}

const integers: [string, Codec, least: bigint, most: bigint][] = [true, false].flatMap((little) =>
  [1, 2, 4, 8, 16].flatMap((size) =>
    [true, false].map((signed): [string, Codec, bigint, bigint] => {
      const range = 2n ** BigInt(size * 8);
      const codec = codecOf(little, int(size, signed));
      const name = `${signed ? 'signed' : 'unsigned'} of ${size} bytes, ${little ? 'little' : 'big'} endian`;
      return [name, codec, signed ? -range / 2n : 0n, (signed ? range / 2n : range) - 1n];
    }),
  ),
);

describe('integers', () => {
  it.each(integers)('%s', (_name, codec, least, most) => {
    fc.assert(
      fc.property(given, (value) => {
        const bytes = encoded(codec, value);
        const number = typeof value === 'boolean' ? undefined : meaning(value);
        const fits = number !== undefined && number >= least && number <= most;
        // Numbers beyond 2^53 are not what was written.
        const isExact = typeof value !== 'number' || Number.isSafeInteger(value);
        if (bytes === 'refused') expect(fits && isExact).toBe(false);
        else expect(BigInt(codec.decode(bytes) as bigint)).toBe(number);
      }),
    );
  });

  it.each([1, 3, 8, 20, 29])('bit-fields of %i bits', (width) => {
    const codec = codecOf(true, int(4, false), bits(width));
    fc.assert(
      fc.property(given, (value) => {
        const bytes = encoded(codec, { m: value });
        const number = typeof value === 'boolean' ? undefined : meaning(value);
        const fits = number !== undefined && number >= 0n && number < 2n ** BigInt(width);
        expect(bytes === 'refused').toBe(!fits);
        if (bytes !== 'refused') expect(codec.decode(bytes)).toEqual({ m: Number(number) });
      }),
    );
  });
});

describe('booleans and enumerations', () => {
  it('take what they are, and 0 and 1', () => {
    const codec = codecOf(true, bool);
    fc.assert(
      fc.property(given, (value) => {
        const bytes = encoded(codec, value);
        const number = meaning(value);
        expect(bytes === 'refused').toBe(number !== 0n && number !== 1n);
        if (bytes !== 'refused') expect(codec.decode(bytes)).toBe(number === 1n);
      }),
    );
  });

  it('refuse names whose values do not fit', () => {
    const codec = codecOf(true, levels);
    expect(codec.decode(codec.encode('HIGH'))).toBe('HIGH');
    expect(() => codec.encode('BEYOND')).toThrow('value: 300 does not fit enum level (0…255)');
    const narrow = codecOf(true, { ...levels, size: 4 } as NewBtfType, bits(2));
    expect(() => narrow.encode({ m: 'HIGH' })).toThrow('value.m: 200 does not fit enum level:2 (0…3)');
  });
});

describe.each([4, 8])('floats of %i bytes', (size) => {
  const codec = codecOf(true, float(size));
  const stored = (value: number) => (size === 4 ? Math.fround(value) : value);

  it('come back as the nearest that the type has', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const bytes = encoded(codec, value);
        if (bytes === 'refused') expect(Number.isFinite(value) && !Number.isFinite(stored(value))).toBe(true);
        else expect(codec.decode(bytes)).toBe(stored(value));
      }),
    );
  });

  it('are the same through JSON', () => {
    fc.assert(
      fc.property(fc.double().map(stored), (value) => {
        expect(codec.decode(codec.encode(parseJsonValue(jsonText(value))))).toBe(value);
      }),
    );
  });

  it('take text that is a number and three words, no other', () => {
    fc.assert(
      fc.property(given, (value) => {
        fc.pre(typeof value === 'string');
        const bytes = encoded(codec, value);
        const isNumber = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value as string);
        const isWord = ['NaN', 'Infinity', '-Infinity'].includes((value as string).trim());
        if (bytes === 'refused') expect(isWord || (isNumber && Number.isFinite(stored(Number(value))))).toBe(false);
        else expect(codec.decode(bytes)).toBe(stored(Number(value)));
      }),
    );
  });

  it.each([
    '"garbage"',
    '"1,5"',
    '"12 MB"',
    '"n/a"',
    '1e400',
    '-1e400',
    '"1e400"',
    '""',
    '"+Infinity"',
    '"infinity"',
    'null',
    '[]',
  ])('refuse %s', (text) =>
    expect(() => codec.encode(parseJsonValue(text))).toThrow(/^value: .* (is no number|does not fit) ?\(?f/),
  );

  it.each(['1e3', '"1e3"', '12345678901234567890', '"-0"', '-0', '"NaN"', '"-Infinity"', '" 5. "', '5e-400'])(
    'take %s',
    (text) => {
      const value = parseJsonValue(text);
      expect(codec.decode(codec.encode(value))).toBe(stored(Number(value)));
    },
  );
});

describe('text', () => {
  const codec = codecOf(true, { ...(int(1, true) as object), name: 'char', char: true } as NewBtfType, {
    kind: 'array',
    name: '',
    elementTypeId: 1,
    indexTypeId: 1,
    length: 16,
  });

  it('comes back, or is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (value) => {
        fc.pre(!value.includes('\0'));
        const bytes = encoded(codec, value);
        if (bytes === 'refused') expect(Buffer.byteLength(value) > 16).toBe(true);
        else if (bytes.at(-1) === 0) expect(codec.decode(bytes)).toBe(value);
      }),
    );
    expect(() => codec.encode('a\ud800')).toThrow('value: half of a surrogate pair is no character');
  });
});

// Values written and read in pieces: the same text, the same bytes and the same refusals as at once.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BtfBuilder,
  compileValueDecoder,
  compileValueEncoder,
  JsonSource,
  jsonText,
  parseBtf,
  parseJsonValue,
  valueLayout,
  valueReader,
  valueText,
} from '../../../src/btf/index.ts';
import { UsageError } from '../../../src/errors/index.ts';
import { Assembly } from '../../support/btf/assemble.ts';
import { fill, fillStyles } from '../../support/btf/fill.ts';
import { allKinds, wideStruct } from '../../support/btf/shapes.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 150);
const seed = Number(process.env.FUZZ_SEED ?? 21);
const timeout = 60_000 + runs * 100;

const shape = wideStruct({ unprintable: false, lossy: false, kinds: allKinds }, 8);
const fills = fc.record({ style: fc.constantFrom(...fillStyles), seed: fc.nat() });
const input = fc.tuple(shape, fills, fc.nat(9999), fc.constantFrom(1, 4, 16, 40), fc.constantFrom(1, 7, 4096));

/** A source that hands out `step` bytes a time. */
function sourceOf(text: string, step = 4096): JsonSource {
  const bytes = Buffer.from(text);
  let at = 0;
  return new JsonSource((into) => {
    const count = bytes.copy(into, 0, at, Math.min(bytes.length, at + step));
    at += count;
    return count;
  });
}

function outcome<T>(run: () => T): T | 'refused' {
  try {
    return run();
  } catch (error) {
    if (error instanceof UsageError) return 'refused';
    throw error;
  }
}

test('pieces are the text of the whole value, and are read back as its bytes', { timeout }, () => {
  const property = fc.property(input, ([of, how, shuffle, bytes, step]) => {
    const assembly = new Assembly();
    const placed = assembly.place(of);
    const { bytes: blob, idOf } = assembly.finish(shuffle);
    const btf = parseBtf(blob);
    const id = idOf(placed);
    const original = new Uint8Array(placed.size + 3);
    original.set(fill(placed.size, placed.leaves, how), 3);
    const layout = valueLayout(btf, id);
    const pieces = { littleEndian: btf.littleEndian, bytes };
    const text = valueText(layout, pieces);
    let written = '';
    text.write(original, 3, (piece) => {
      written += piece;
    });
    const value = compileValueDecoder(btf, id)(original, 3);
    expect(written).toBe(jsonText(value));

    const encode = compileValueEncoder(btf, id);
    const again = outcome(() => encode(parseJsonValue(written)));
    const isSame = again !== 'refused' && Buffer.from(again).equals(Buffer.from(original.subarray(3)));
    // Of unions it may say less than could be said, never more.
    const isExact = outcome(() => text.isExact(original, 3));
    if (isExact === true) expect(isSame).toBe(true);
    else if (!JSON.stringify(of, (_, item) => (typeof item === 'bigint' ? 0 : item)).includes('union'))
      expect(isSame).toBe(false);

    const read = new Uint8Array(placed.size);
    const target = { bytes: read, view: new DataView(read.buffer), at: 0, path: 'value' };
    const result = outcome(() => valueReader(layout, pieces)(sourceOf(written, step), target));
    if (again === 'refused') expect(result).toBe('refused');
    else expect(Buffer.from(read).toString('hex')).toBe(Buffer.from(again).toString('hex'));
  });
  fc.assert(property, { numRuns: runs, seed });
});

describe('text that does not fit', () => {
  const size = 28;
  const builder = new BtfBuilder({ littleEndian: true });
  const int = (name: string, signed: boolean) =>
    builder.add({ kind: 'int', name, size: 4, bits: 32, bitOffset: 0, signed, char: false, bool: false });
  const [unsigned, signed] = [int('unsigned int', false), int('int', true)];
  const list = builder.add({ kind: 'array', name: '', elementTypeId: signed, indexTypeId: unsigned, length: 6 });
  const id = builder.add({
    kind: 'struct',
    name: 'some',
    kindFlag: false,
    size,
    members: [
      { name: 'n', typeId: unsigned, bitOffset: 0, bitSize: 0 },
      { name: 'list', typeId: list, bitOffset: 32, bitSize: 0 },
    ],
  });
  const layout = valueLayout(parseBtf(builder.finish()), id);
  const readText = (text: string, step?: number): string => {
    const bytes = new Uint8Array(size);
    const target = { bytes, view: new DataView(bytes.buffer), at: 0, path: 'value' };
    const source = sourceOf(text, step);
    valueReader(layout, { littleEndian: true, bytes: 8 })(source, target);
    return `${Buffer.from(bytes).toString('hex')} ${source.peek()}`;
  };

  test('is refused with its path', () => {
    const cases: [string, RegExp][] = [
      ['{"n":1,"list":[1,2,3,4,5,6,7]}', /^value\.list: more than 6 elements do not fit/],
      ['{"n":1,"list":[1,2,"x",4]}', /^value\.list\[2\]: "x" is no integer/],
      ['{"n":1,"list":[1,2,3,4,99999999999]}', /^value\.list\[4\]: 99999999999 does not fit/],
      ['{"n":1,"list":[1,2,3,4,]}', /^value\.list: /],
      ['{"n":1,"list":[1,,2]}', /^value\.list: /],
      ['{"n":1,"list":[1,2', /^value\.list: expected , or ], got the line ends/],
      ['{"n":1,"list":[1,2\n3]}', /^value\.list: expected , or ], got the line ends/],
      ['{"n":1,"list":[1}', /^value\.list: expected , or ]/],
      ['{"n":1,"list":{}}', /^value\.list: an object is no array/],
      ['{"n":1,"n":2}', /^value: 'n' is given twice/],
      ['{"n":1 "list":[]}', /^value\.n: /],
      ['{"n":}', /^value\.n: expected a value/],
      ['{"m":1}', /has no member 'm'; it has n, list/],
      ['{n:1}', /^value: expected "/],
      ['{"n"', /^value: expected :, got the line ends/],
      ['{"n', /^value: a string without an end/],
      ['', /^value: expected a value, got the line ends/],
      ['7', /^value: 7 is no object/],
    ];
    for (const [text, message] of cases) {
      for (const step of [1, 4096]) expect(() => readText(text, step), text).toThrow(message);
    }
  });

  test('spaces, escapes and text behind the value are no part of it', () => {
    const expected = '01000000feffffff0200000000000000000000000000000000000000';
    for (const step of [1, 3, 4096]) {
      expect(readText(' {"\\u006e" : 1 ,\t"list": [ -2 , "0x2" ] }\n', step)).toBe(`${expected} 10`);
      expect(readText('{"list":[-2,2],"n":1},', step)).toBe(`${expected} 44`);
      expect(readText('{"n":0,"list":[]}', step)).toBe(`${'00'.repeat(28)} -1`);
      expect(readText('{}', step)).toBe(`${'00'.repeat(28)} -1`);
    }
  });
});

import { describe, expect, test } from 'vitest';
import {
  alignUp,
  ByteReader,
  ByteWriter,
  cstr,
  parseHexBytes,
  StringTable,
  StringTableBuilder,
  toHex,
} from '../../../src/bytes/index.ts';
import { ParseError, UsageError } from '../../../src/errors/index.ts';

describe('ByteWriter', () => {
  test.each([true, false])('reads back what it wrote, past its first capacity (little-endian: %s)', (littleEndian) => {
    const writer = new ByteWriter({ littleEndian, capacity: 16 });
    for (let i = 0; i < 100; i++)
      writer
        .u8(i)
        .u16(i * 300)
        .u32(i * 50_000_000)
        .u64(BigInt(i) << 40n)
        .i32(-i);
    const reader = new ByteReader(writer.finish(), { format: 'test', littleEndian });
    for (let i = 0; i < 100; i++) {
      expect([reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.i32() + 0]).toEqual([
        i,
        (i * 300) & 0xffff,
        (i * 50_000_000) >>> 0,
        BigInt(i) << 40n,
        0 - i,
      ]);
    }
    expect(reader.remaining).toBe(0);
  });

  test('aligns and patches', () => {
    const bytes = new ByteWriter().u8(1).align(4).u32(0).patchU32(4, 0x01020304).cstring('ok').finish();
    expect(toHex(bytes, ' ')).toBe('01 00 00 00 04 03 02 01 6f 6b 00');
  });

  test('refuses to patch outside what was written', () => {
    expect(() => new ByteWriter().u8(1).patchU32(0, 1)).toThrow(RangeError);
  });
});

describe('ByteReader', () => {
  test('says format and offset where bytes run out', () => {
    const reader = new ByteReader(new Uint8Array(6), { format: 'ELF', base: 100 });
    reader.skip(4);
    expect(() => reader.u32()).toThrow(new ParseError('ELF', 104, 'expected 4 bytes, 2 left'));
    expect(reader.offset).toBe(4);
  });

  test('refuses sizes beyond 2^53', () => {
    const reader = new ByteReader(new Uint8Array(8).fill(255), { format: 'ELF' });
    expect(() => reader.size64()).toThrow(ParseError);
  });

  test('reads strings up to their NUL', () => {
    const reader = new ByteReader(new TextEncoder().encode('añb\0c'), { format: 'test' });
    expect(reader.cstring()).toBe('añb');
    expect(() => reader.cstring()).toThrow('NUL-terminated');
  });
});

describe('string tables', () => {
  test('share equal strings and begin with the empty one', () => {
    const builder = new StringTableBuilder();
    const [a, b, again, empty] = [builder.add('abc'), builder.add('de'), builder.add('abc'), builder.add('')];
    expect([a, b, again, empty]).toEqual([1, 5, 1, 0]);
    const table = new StringTable(builder.finish(), { format: 'test' });
    expect([table.at(1), table.at(2), table.at(5), table.at(0)]).toEqual(['abc', 'bc', 'de', '']);
    expect(() => table.at(8)).toThrow(ParseError);
  });

  test('without end are an error', () => {
    expect(() => new StringTable(new Uint8Array([65, 66]), { format: 'test' }).at(0)).toThrow('NUL-terminated');
  });
});

test('hex goes in and out', () => {
  expect(toHex(parseHexBytes('de:ad be-ef'))).toBe('deadbeef');
  expect(() => parseHexBytes('abc')).toThrow(UsageError);
  expect(() => parseHexBytes('zz')).toThrow(UsageError);
});

test('small things', () => {
  expect([alignUp(0, 8), alignUp(1, 8), alignUp(16, 8)]).toEqual([0, 8, 16]);
  expect(cstr(new Uint8Array([104, 105, 0, 120]))).toBe('hi');
  expect(cstr(new Uint8Array([104, 105]))).toBe('hi');
});

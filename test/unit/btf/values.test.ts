import { describe, expect, test } from 'vitest';
import {
  BtfBuilder,
  compileValueDecoder,
  compileValueEncoder,
  compileValuePrinter,
  jsonSchemaFor,
  parseBtf,
  type ValueSink,
} from '../../../src/btf/index.ts';

function room(size: number): Pick<ValueSink, 'buf' | 'view'> {
  const buf = new Uint8Array(size);
  return { buf, view: new DataView(buf.buffer) };
}

const at = (name: string, typeId: number, bitOffset: number, bitSize = 0) => ({ name, typeId, bitOffset, bitSize });

/** struct message { int code; char text[12]; u64 count; union { u8 a; u16 b; }; u32 low:3; u32 high:29; enum color c; }; */
function messageBtf(littleEndian = true) {
  const b = new BtfBuilder({ littleEndian });
  const plain = { bitOffset: 0, char: false, bool: false };
  const int = b.add({ kind: 'int', name: 'int', size: 4, bits: 32, signed: true, ...plain });
  const u8 = b.add({ kind: 'int', name: 'unsigned char', size: 1, bits: 8, signed: false, ...plain });
  const u16 = b.add({ kind: 'int', name: 'unsigned short', size: 2, bits: 16, signed: false, ...plain });
  const u32 = b.add({ kind: 'int', name: 'unsigned int', size: 4, bits: 32, signed: false, ...plain });
  const u64 = b.add({ kind: 'int', name: 'unsigned long', size: 8, bits: 64, signed: false, ...plain });
  const char = b.add({ kind: 'int', name: 'char', size: 1, bits: 8, signed: true, ...plain });
  const text = b.add({ kind: 'array', name: '', elementTypeId: char, indexTypeId: u32, length: 12 });
  const union = b.add({
    kind: 'union',
    name: '',
    size: 2,
    kindFlag: false,
    members: [at('a', u8, 0), at('b', u16, 0)],
  });
  const values = [
    { name: 'RED', value: 1 },
    { name: 'BLUE', value: 4_000_000_000 },
  ];
  const color = b.add({ kind: 'enum', name: 'color', size: 4, signed: false, values });
  const members = [
    at('code', int, 0),
    at('text', text, 32),
    at('count', u64, 128),
    at('', union, 192),
    at('low', u32, 224, 3),
    at('high', u32, 227, 29),
    at('c', color, 256),
  ];
  const id = b.add({ kind: 'struct', name: 'message', size: 40, kindFlag: true, members });
  return { btf: parseBtf(b.finish()), id };
}

function print(bytes: Uint8Array, options: { plain: boolean; pretty: boolean }): string {
  const { btf, id } = messageBtf();
  const sink: ValueSink = { ...room(65536), pos: 0, reserve: () => {} };
  expect(compileValuePrinter(btf, id, { ...options, depth: 0 })(sink, bytes, 0)).toBe(0);
  return Buffer.from(sink.buf.subarray(0, sink.pos)).toString();
}

const value = { code: -5, text: 'hello "x"', count: 2n ** 63n, b: 0x102, low: 5, high: 12345, c: 'BLUE' };

describe('values of a struct', () => {
  test.each([true, false])('come back as they went in (little-endian: %s)', (littleEndian) => {
    const { btf, id } = messageBtf(littleEndian);
    const bytes = compileValueEncoder(btf, id)(value);
    expect(bytes).toHaveLength(40);
    expect(compileValueDecoder(btf, id)(bytes)).toEqual({ ...value, a: littleEndian ? 2 : 1 });
  });

  test('print as JSON that says the same', () => {
    const { btf, id } = messageBtf();
    const text = print(compileValueEncoder(btf, id)(value), { plain: false, pretty: false });
    expect(text).toBe(
      '{"code":-5,"text":"hello \\"x\\"","count":9223372036854775808,"":{"a":2,"b":258},"low":"0x5","high":"0x3039","c":"BLUE"}',
    );
  });

  test('print one member a line when pretty', () => {
    const text = print(new Uint8Array(40), { plain: true, pretty: true });
    expect(text.split('\n').slice(0, 3)).toEqual(['{', '    "code": 0,', '    "text": "",']);
    expect(text.endsWith('\n    "c": 0\n}')).toBe(true);
  });

  test('that end early print as if zeroes followed', () => {
    expect(print(new Uint8Array([1]), { plain: false, pretty: false })).toContain('"code":1,');
  });
});

describe('bit-fields from before kind_flag', () => {
  const b = new BtfBuilder();
  const plain = { bitOffset: 0, char: false, bool: false };
  const u32 = b.add({ kind: 'int', name: 'u32', size: 4, bits: 32, signed: false, ...plain });
  const three = b.add({ kind: 'int', name: 'three', size: 4, bits: 3, signed: true, ...plain, bitOffset: 2 });
  const members = [at('low', three, 0), at('next', three, 5), at('word', u32, 10)];
  const id = b.add({ kind: 'struct', name: 'old', size: 8, kindFlag: false, members });
  const btf = parseBtf(b.finish());

  test('are decoded from their own bits and encoded into them', () => {
    const value = { low: -2, next: 3, word: 0xdeadbeef };
    const bytes = compileValueEncoder(btf, id)(value);
    expect(Buffer.from(bytes).readBigUInt64LE()).toBe((0xdeadbeefn << 10n) | (3n << 7n) | (6n << 2n));
    expect(compileValueDecoder(btf, id)(bytes)).toEqual(value);
  });
});

test('members of a union may lie in the padding of each other', () => {
  const b = new BtfBuilder();
  const plain = { bitOffset: 0, char: false, bool: false };
  const u8 = b.add({ kind: 'int', name: 'u8', size: 1, bits: 8, signed: false, ...plain });
  const u32 = b.add({ kind: 'int', name: 'u32', size: 4, bits: 32, signed: false, ...plain });
  const ends = [at('first', u8, 0), at('last', u8, 24)];
  const struct = b.add({ kind: 'struct', name: 'ends', size: 4, kindFlag: false, members: ends });
  const both = [at('ends', struct, 0), at('word', u32, 0)];
  const id = b.add({ kind: 'union', name: 'u', size: 4, kindFlag: false, members: both });
  const encode = compileValueEncoder(parseBtf(b.finish()), id);
  expect([...encode({ ends: { first: 1, last: 4 }, word: 0x04030201 })]).toEqual([1, 2, 3, 4]);
  expect(() => encode({ ends: { first: 1, last: 4 }, word: 0x05030201 })).toThrow('contradict');
});

describe('a value that does not fit is refused by path', () => {
  const { btf, id } = messageBtf();
  const encode = compileValueEncoder(btf, id);

  test.each([
    [{ text: 'fourteen bytes' }, 'value.text: 14 bytes do not fit char[12]'],
    [{ code: 2147483648 }, 'value.code: 2147483648 does not fit int (-2147483648…2147483647)'],
    [{ low: 8 }, 'value.low: 8 does not fit unsigned int:3 (0…7)'],
    [{ c: 'GREEN' }, 'value.c: "GREEN" is no name or value of enum color'],
    [{ code: 1.5 }, 'value.code: 1.5 is no integer (int)'],
    [{ a: 1, b: 2 }, "value: members of a union contradict each other at 'b': give one"],
    [7, 'value: 7 is no object (struct message)'],
  ])('%j', (input, message) => {
    expect(() => encode(input)).toThrow(message);
  });

  test('an unknown member names those there are', () => {
    expect(() => encode({ cod: 1 })).toThrow(
      "value: struct message has no member 'cod'; it has code, text, count, a, b",
    );
  });
});

test('the JSON schema lists members, those of anonymous unions included', () => {
  const { btf, id } = messageBtf();
  const schema = jsonSchemaFor(btf, id);
  expect(Object.keys(schema.properties as object)).toEqual(['code', 'text', 'count', 'a', 'b', 'low', 'high', 'c']);
});

describe('hostile types', () => {
  test('a struct that contains itself is an error, not a hang', () => {
    const b = new BtfBuilder();
    b.add({
      kind: 'struct',
      name: 'loop',
      size: 4,
      kindFlag: false,
      members: [{ name: 'again', typeId: 1, bitOffset: 0, bitSize: 0 }],
    });
    const btf = parseBtf(b.finish());
    expect(() => compileValuePrinter(btf, 1, { plain: false, pretty: false, depth: 0 })).toThrow('contains itself');
    expect(() => compileValueDecoder(btf, 1)).toThrow();
  });

  test('types that double at every level are refused', () => {
    const b = new BtfBuilder();
    b.add({ kind: 'int', name: 'int', size: 4, bits: 32, signed: true, bitOffset: 0, char: false, bool: false });
    for (let i = 1; i < 60; i++) {
      const member = (name: string) => ({ name, typeId: i, bitOffset: 0, bitSize: 0 });
      b.add({ kind: 'union', name: `u${i}`, size: 4, kindFlag: false, members: [member('a'), member('b')] });
    }
    const btf = parseBtf(b.finish());
    expect(() => compileValuePrinter(btf, 60, { plain: false, pretty: false, depth: 0 })).toThrow('too large');
    expect(() => compileValueDecoder(btf, 60)).toThrow('too many parts');
  });

  test.each([
    [0x7fff_ffff, 1],
    [0x2_0000, 0x2_0000],
  ])('an array of %i times %i elements without size is refused', (length, inner) => {
    const b = new BtfBuilder();
    b.add({ kind: 'int', name: 'int', size: 4, bits: 32, signed: true, bitOffset: 0, char: false, bool: false });
    b.add({ kind: 'struct', name: 'empty', size: 0, kindFlag: false, members: [] });
    b.add({ kind: 'array', name: '', elementTypeId: 2, indexTypeId: 1, length: inner });
    b.add({ kind: 'array', name: '', elementTypeId: 3, indexTypeId: 1, length });
    const btf = parseBtf(b.finish());
    expect(() => compileValuePrinter(btf, 4, { plain: true, pretty: true, depth: 0 })).toThrow('too large');
    expect(() => compileValueDecoder(btf, 4)).toThrow('too many parts');
  });

  test('a few elements without size are values', () => {
    const b = new BtfBuilder();
    b.add({ kind: 'int', name: 'int', size: 4, bits: 32, signed: true, bitOffset: 0, char: false, bool: false });
    b.add({ kind: 'struct', name: 'empty', size: 0, kindFlag: false, members: [] });
    b.add({ kind: 'array', name: '', elementTypeId: 2, indexTypeId: 1, length: 3 });
    expect(compileValueDecoder(parseBtf(b.finish()), 3)(new Uint8Array())).toEqual([{}, {}, {}]);
  });

  test('names reach the output as text, whatever they hold', () => {
    const b = new BtfBuilder();
    b.add({ kind: 'int', name: 'int', size: 4, bits: 32, signed: true, bitOffset: 0, char: false, bool: false });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a hostile name
    const name = '"];process.exit(1);`${1}\\\u00a77\u00a7\u2028';
    const long = `${name}${'x'.repeat(200)}`;
    const members = [name, long].map((n, i) => ({ name: n, typeId: 1, bitOffset: i * 32, bitSize: 0 }));
    b.add({ kind: 'struct', name: 's', size: 8, kindFlag: false, members });
    const sink: ValueSink = { ...room(4096), pos: 0, reserve: () => {} };
    const btf = parseBtf(b.finish());
    compileValuePrinter(btf, 2, { plain: false, pretty: false, depth: 0 })(sink, new Uint8Array(8), 0);
    const text = Buffer.from(sink.buf.subarray(0, sink.pos)).toString();
    expect(JSON.parse(text)).toEqual({ [name]: 0, [long]: 0 });
  });
});

test('a large array makes room as it goes', () => {
  const b = new BtfBuilder();
  b.add({ kind: 'int', name: 'u8', size: 1, bits: 8, signed: false, bitOffset: 0, char: false, bool: false });
  b.add({ kind: 'array', name: '', elementTypeId: 1, indexTypeId: 1, length: 100_000 });
  const parts: string[] = [];
  const sink: ValueSink = {
    ...room(65536),
    pos: 0,
    reserve(n) {
      if (this.pos + n <= this.buf.length) return;
      parts.push(Buffer.from(this.buf.subarray(0, this.pos)).toString());
      this.pos = 0;
    },
  };
  const bytes = new Uint8Array(100_000).fill(255);
  compileValuePrinter(parseBtf(b.finish()), 2, { plain: false, pretty: false, depth: 0 })(sink, bytes, 0);
  const text = parts.join('') + Buffer.from(sink.buf.subarray(0, sink.pos)).toString();
  expect(JSON.parse(text)).toEqual(Array.from(bytes));
});

test('a float of hostile size has no values', () => {
  const builder = new BtfBuilder();
  const id = builder.add({ kind: 'float', name: 'huge', size: 0x7fff_ffff });
  expect(() => compileValueDecoder(parseBtf(builder.finish()), id)).toThrow(/a number of 2147483647 bytes/);
});

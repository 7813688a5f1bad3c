import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  BtfBuilder,
  dedupBtf,
  dumpC,
  tryDumpC,
  findInvalidType,
  findUnknownKind,
  funcPrototype,
  parseBtf,
  rawText,
  sizeOf,
} from '../../../src/btf/index.ts';
import { ByteWriter } from '../../../src/bytes/index.ts';
import { ParseError } from '../../../src/errors/index.ts';

const pinned = readFileSync(new URL('../../../scripts/uapi/linux-7.3.btf', import.meta.url));
const int = {
  kind: 'int',
  name: 'int',
  size: 4,
  bits: 32,
  signed: true,
  bitOffset: 0,
  char: false,
  bool: false,
} as const;

describe('parsing', () => {
  test('finds types by name and kind', () => {
    const btf = parseBtf(pinned);
    const attr = btf.findByName('bpf_attr', 'union')!;
    expect(sizeOf(btf, attr.id)).toBeGreaterThan(100);
    expect(btf.findByName('bpf_attr', 'struct')).toBeUndefined();
    expect(findInvalidType(btf)).toBeUndefined();
  });

  test.each([true, false])('what the builder wrote is what is read (little-endian: %s)', (littleEndian) => {
    const b = new BtfBuilder({ littleEndian });
    const id = b.add(int);
    const proto = b.add({ kind: 'func_proto', name: '', returnTypeId: id, params: [{ name: 'x', typeId: id }] });
    const func = b.add({ kind: 'func', name: 'twice', typeId: proto, linkage: 1 });
    const btf = parseBtf(b.finish());
    expect(btf.littleEndian).toBe(littleEndian);
    expect(btf.typeById(id)).toEqual({ id, ...int });
    expect(funcPrototype(btf, func)).toBe('int twice(int x)');
  });

  test('a split BTF continues the ids and strings of its base', () => {
    const b = new BtfBuilder();
    b.add(int);
    const base = parseBtf(b.finish());
    const s = new BtfBuilder({ base });
    const id = s.add({ kind: 'typedef', name: 'number', typeId: 1, kindFlag: false });
    const split = parseBtf(s.finish(), { base });
    expect(id).toBe(2);
    expect(split.mustType(2).name).toBe('number');
    expect(split.mustType(1).name).toBe('int');
    expect(rawText(split, split.mustType(2))).toBe("[2] TYPEDEF 'number' type_id=1\n");
  });

  test('the first searches for a name and the index made later agree', () => {
    const base = parseBtf(pinned);
    const b = new BtfBuilder({ base });
    const names = ['bpf_attr', 'attr', 'task_struct', 'own', 'f_attr', 'none of these', 'int', 'größe', ''];
    const own = ['bpf_attr', 'own', 'own', 'f_attr', 'größe'].map((name) =>
      b.add({ kind: 'struct', name, size: 0, kindFlag: false, members: [] }),
    );
    const bytes = b.finish();
    for (const blob of [() => parseBtf(pinned), () => parseBtf(bytes, { base: parseBtf(pinned) })]) {
      const indexed = blob();
      for (let i = 0; i < 20; i++) indexed.idsByName('none of these');
      for (const name of names) expect(blob().idsByName(name)).toEqual(indexed.idsByName(name));
    }
    expect(parseBtf(bytes, { base }).idsByName('own')).toEqual(own.slice(1, 3));
    expect(parseBtf(bytes, { base }).findByName('bpf_attr', 'struct')?.id).toBe(own[0]);
    expect(parseBtf(bytes, { base }).findByName('größe')?.id).toBe(own[4]);
  });

  test('every truncation is a ParseError', () => {
    for (let length = 0; length < 400; length++) {
      expect(() => parseBtf(pinned.subarray(0, length))).toThrow(ParseError);
    }
  });

  test('references to types that are not there are named', () => {
    const b = new BtfBuilder();
    b.add({ kind: 'ptr', name: '', typeId: 7, kindFlag: false });
    expect(findInvalidType(parseBtf(b.finish()))).toBe('btf: type [1]: invalid referenced type ID 7');
  });
});

describe('the C dump', () => {
  function dump(b: BtfBuilder): { status: number; text: string; warnings: string[] } {
    let text = '';
    const warnings: string[] = [];
    const btf = parseBtf(b.finish());
    const roots = [btf.typeCount];
    const status = tryDumpC(btf, {
      roots,
      write: (utf8) => (text += new TextDecoder().decode(utf8)),
      warn: (w) => warnings.push(w),
    });
    return { status, text: text.split('#endif\n\n').at(-2)!, warnings };
  }

  test('declares first what a struct only points to', () => {
    const b = new BtfBuilder();
    b.add(int);
    b.add({ kind: 'ptr', name: '', typeId: 3, kindFlag: false });
    const member = (name: string, typeId: number, bitOffset: number) => ({ name, typeId, bitOffset, bitSize: 0 });
    b.add({ kind: 'struct', name: 'b', size: 8, kindFlag: false, members: [member('a', 5, 0)] });
    b.add({ kind: 'struct', name: 'a', size: 16, kindFlag: false, members: [member('x', 1, 0), member('b', 2, 64)] });
    b.add({ kind: 'ptr', name: '', typeId: 4, kindFlag: false });
    b.add({ kind: 'typedef', name: 'a_t', typeId: 4, kindFlag: false });
    expect(dump(b).text).toContain(
      'struct b;\n\nstruct a {\n\tint x;\n\tstruct b *b;\n};\n\ntypedef struct a a_t;\n\n',
    );
  });

  test('refuses structs that embed each other', () => {
    const b = new BtfBuilder();
    const member = (typeId: number) => ({ name: 'm', typeId, bitOffset: 0, bitSize: 0 });
    b.add({ kind: 'struct', name: 'a', size: 4, kindFlag: false, members: [member(2)] });
    b.add({ kind: 'struct', name: 'b', size: 4, kindFlag: false, members: [member(1)] });
    const { status, warnings } = dump(b);
    expect(status).toBe(-40);
    expect(warnings).toEqual(['unsatisfiable type cycle, id:[2]']);
  });
});

describe('kinds beyond those known here', () => {
  const known = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0];
  const elements = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12];
  /** int, a type of kind 20 with 4 bytes and two elements of 8, a struct; `layout` says how large kind 20 is. */
  function withNovelKind(layout: readonly [number, number] | undefined, littleEndian = true): Uint8Array {
    const strings = new TextEncoder().encode('\0int\0novel\0s\0');
    const types = [1, 1 << 24, 4, 0x1000020, 5, (20 << 24) | 2, 7, 99, 1, 2, 3, 4, 11, (4 << 24) | 1, 4, 11, 1, 0];
    const out = new ByteWriter({ littleEndian });
    const layouts = layout === undefined ? 0 : 21 * 4;
    out
      .u16(0xeb9f)
      .u8(1)
      .u8(0)
      .u32(32)
      .u32(0)
      .u32(types.length * 4);
    out
      .u32(types.length * 4 + layouts)
      .u32(strings.length)
      .u32(types.length * 4)
      .u32(layouts);
    for (const word of types) out.u32(word);
    if (layout !== undefined) {
      for (let kind = 0; kind < 20; kind++) out.u8(known[kind]!).u8(elements[kind]!).u16(0);
      out.u8(layout[0]).u8(layout[1]).u16(0);
    }
    return out.bytes(strings).finish();
  }

  test('are named and skipped where the blob says how large they are', () => {
    const btf = parseBtf(withNovelKind([4, 8]));
    expect(findInvalidType(btf)).toBeUndefined();
    expect(btf.mustType(2)).toEqual({
      kind: 'unknown',
      id: 2,
      name: 'novel',
      number: 20,
      kindFlag: false,
      vlen: 2,
      sizeOrType: 7,
    });
    expect(rawText(btf, btf.mustType(2))).toBe("[2] UNKNOWN 'novel'\n");
    expect(sizeOf(btf, btf.findByName('s', 'struct')!.id)).toBe(4);
    expect(findUnknownKind(btf)).toBe('type 2 at offset 48 is of kind 20, which is not known here');
  });

  test('are refused with kind, place and id where their size is not known', () => {
    const message = /at offset 48: expected a kind of known size, not 20 \(type id 2;/;
    expect(() => parseBtf(withNovelKind(undefined))).toThrow(message);
    expect(() => parseBtf(withNovelKind([3, 8]))).toThrow(message);
    expect(() => parseBtf(withNovelKind([4, 8], false))).toThrow(message);
  });

  test('cannot be written as C or deduplicated', () => {
    const btf = parseBtf(withNovelKind([4, 8]));
    let text = '';
    const write = (utf8: Uint8Array) => {
      text += new TextDecoder().decode(utf8);
    };
    expect(tryDumpC(btf, { write })).toBe(-22);
    expect(() => dumpC(btf, { write })).toThrow(/type 2 at offset 48 is of kind 20/);
    expect(text).toBe('');
    expect(() => dedupBtf(btf)).toThrow(/type 2 at offset 48 is of kind 20/);
  });

  test('a struct may have more than 65535 members', () => {
    const builder = new BtfBuilder();
    const id = builder.add(int);
    const members = Array.from({ length: 70_000 }, (_, i) => ({
      name: 'm',
      typeId: id,
      bitOffset: i * 32,
      bitSize: 0,
    }));
    const struct = builder.add({ kind: 'struct', name: 's', size: 280_000, kindFlag: false, members });
    const type = parseBtf(builder.finish()).mustType(struct);
    expect(type.kind === 'struct' && type.members.length).toBe(70_000);
  });
});

import { describe, expect, test } from 'vitest';
import { BtfBuilder, BtfMinimizer, type CoreUse, type NewBtfType, parseBtf, rawText } from '../../../src/btf/index.ts';
import { ParseError } from '../../../src/errors/index.ts';
import { bpf_core_relo_kind as kinds } from '../../../src/uapi/index.ts';

const at = (name: string, typeId: number, bitOffset: number, bitSize = 0) => ({ name, typeId, bitOffset, bitSize });
const builder = new BtfBuilder();
const add = (type: NewBtfType) => builder.add(type);
const int = add({ kind: 'int', name: 'int', size: 4, bits: 32, signed: true, bitOffset: 0, char: false, bool: false });
const pair = add({
  kind: 'struct',
  name: 'pair',
  size: 8,
  kindFlag: false,
  members: [at('a', int, 0), at('b', int, 32)],
});
const array = add({ kind: 'array', name: '', elementTypeId: pair, indexTypeId: int, length: 2 });
const pointer = add({ kind: 'ptr', name: '', typeId: pair, kindFlag: false });
const whole = add({
  kind: 'struct',
  name: 'whole',
  size: 40,
  kindFlag: true,
  members: [at('pairs', array, 0), at('unused', int, 128), at('flag', int, 163, 2), at('next', pointer, 192)],
});
const alias = add({ kind: 'typedef', name: 'whole_t', typeId: whole, kindFlag: false });
const color = add({ kind: 'enum', name: 'color', size: 4, signed: false, values: [{ name: 'RED', value: 1 }] });
const tag = add({ kind: 'type_tag', name: 'rcu', typeId: int, kindFlag: false });
const source = parseBtf(builder.finish());

function minimized(...uses: CoreUse[]): string[] {
  const minimizer = new BtfMinimizer(source);
  for (const use of uses) minimizer.add(use);
  const btf = parseBtf(minimizer.finish());
  return [...btf.types()].map((type) => rawText(btf, type).trimEnd().replaceAll('\n\t', ' | '));
}

describe('the smallest BTF', () => {
  const intText = "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED";

  test('keeps of a struct the members that fields are reached through', () => {
    expect(minimized({ kind: kinds.BPF_CORE_FIELD_BYTE_OFFSET, rootId: alias, access: [0, 0, 1, 1] })).toEqual([
      intText,
      "[2] STRUCT 'pair' size=8 vlen=1 | 'b' type_id=1 bits_offset=32",
      "[3] ARRAY '(anon)' type_id=2 index_type_id=1 nr_elems=2",
      "[4] STRUCT 'whole' size=40 vlen=1 | 'pairs' type_id=3 bits_offset=0",
      "[5] TYPEDEF 'whole_t' type_id=4",
    ]);
  });

  test('keeps bit-fields as they are, and nothing behind pointers', () => {
    const fields = [
      [0, 2],
      [0, 3],
    ].map((access) => ({ kind: kinds.BPF_CORE_FIELD_EXISTS, rootId: whole, access }));
    expect(minimized(...fields)).toEqual([
      intText,
      "[2] PTR '(anon)' type_id=0",
      "[3] STRUCT 'whole' size=40 vlen=2 | 'flag' type_id=1 bits_offset=163 bitfield_size=2 | 'next' type_id=2 bits_offset=192",
    ]);
  });

  test('has empty structs for types that must only exist, and whole ones for those that must match', () => {
    expect(minimized({ kind: kinds.BPF_CORE_TYPE_EXISTS, rootId: whole, access: [0] })).toEqual([
      "[1] STRUCT 'whole' size=40 vlen=0",
    ]);
    const text = minimized({ kind: kinds.BPF_CORE_TYPE_MATCHES, rootId: whole, access: [0] }).join('\n');
    expect(text).toContain("STRUCT 'whole' size=40 vlen=4");
    expect(text).toContain("STRUCT 'pair' size=8 vlen=2");
  });

  test('has whole enums, and nothing for the own types of an object', () => {
    expect(minimized({ kind: kinds.BPF_CORE_ENUMVAL_VALUE, rootId: color, access: [0] })).toEqual([
      "[1] ENUM 'color' encoding=UNSIGNED size=4 vlen=1 | 'RED' val=1",
    ]);
    expect(minimized({ kind: kinds.BPF_CORE_TYPE_ID_LOCAL, rootId: whole, access: [0] })).toEqual([]);
  });

  test('refuses what does not fit the types', () => {
    const field = (rootId: number, ...access: number[]) => ({ kind: kinds.BPF_CORE_FIELD_BYTE_OFFSET, rootId, access });
    expect(() => minimized(field(whole, 0, 4))).toThrow(/type 5 has no member 4/);
    expect(() => minimized(field(int, 0, 0))).toThrow(ParseError);
    expect(() => minimized(field(99, 0))).toThrow(/type 99, there are 8/);
    expect(() => minimized(field(tag, 0))).toThrow(/type_tag/);
  });
});

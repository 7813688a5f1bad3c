import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  BtfBuilder,
  BtfCycleError,
  BtfMerger,
  dedupBtf,
  type NewBtfType,
  parseBtf,
  parseBtfExt,
  rawText,
} from '../../../src/btf/index.ts';
import { parseElf } from '../../../src/elf/index.ts';
import { ParseError } from '../../../src/errors/index.ts';

const int: NewBtfType = {
  kind: 'int',
  name: 'int',
  size: 4,
  bits: 32,
  signed: true,
  bitOffset: 0,
  char: false,
  bool: false,
};
const ptr = (typeId: number): NewBtfType => ({ kind: 'ptr', name: '', typeId, kindFlag: false });
const struct = (name: string, ...members: [name: string, typeId: number][]): NewBtfType => ({
  kind: 'struct',
  name,
  size: members.length * 8,
  kindFlag: false,
  members: members.map(([member, typeId], i) => ({ name: member, typeId, bitOffset: i * 64, bitSize: 0 })),
});
const fwd = (name: string): NewBtfType => ({ kind: 'fwd', name, isUnion: false });

function build(types: readonly NewBtfType[], littleEndian = true): Uint8Array {
  const builder = new BtfBuilder({ littleEndian });
  for (const type of types) builder.add(type);
  return builder.finish();
}

function dump(bytes: Uint8Array): string[] {
  const btf = parseBtf(bytes);
  return [...btf.types()].map((type) => rawText(btf, type).trimEnd().replaceAll('\n\t', ' | '));
}

const fixture = (name: string) =>
  parseElf(readFileSync(new URL(`../../fixtures/objects/${name}.bpf.o`, import.meta.url)));
const section = (name: string, wanted: string) => fixture(name).sections.find((s) => s.name === wanted)!.bytes;

describe('deduplication', () => {
  test.each([true, false])('two units complete each other (little-endian: %s)', (littleEndian) => {
    // A is defined in the first unit only, B in the second only, S in both.
    const merger = new BtfMerger({ littleEndian });
    for (const [own, other] of ['AB', 'BA']) {
      const types = [int, struct('S', ['a', 4], ['b', 6]), struct(own!, ['n', 1], ['s', 5])];
      const a = own === 'A' ? 3 : 7;
      const b = own === 'A' ? 7 : 3;
      merger.add(parseBtf(build([...types, ptr(a), ptr(2), ptr(b), fwd(other!)], littleEndian)));
    }
    const { bytes, newIds } = dedupBtf(parseBtf(merger.finish()));
    expect(dump(bytes)).toEqual([
      "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED",
      "[2] STRUCT 'S' size=16 vlen=2 | 'a' type_id=4 bits_offset=0 | 'b' type_id=6 bits_offset=64",
      "[3] STRUCT 'A' size=16 vlen=2 | 'n' type_id=1 bits_offset=0 | 's' type_id=5 bits_offset=64",
      "[4] PTR '(anon)' type_id=3",
      "[5] PTR '(anon)' type_id=2",
      "[6] PTR '(anon)' type_id=7",
      "[7] STRUCT 'B' size=16 vlen=2 | 'n' type_id=1 bits_offset=0 | 's' type_id=5 bits_offset=64",
    ]);
    expect([...newIds]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 1, 2, 7, 4, 5, 6, 3]);
    expect(parseBtf(bytes).littleEndian).toBe(littleEndian);
  });

  test('structs of one name and different members stay apart, and so do forward declarations of them', () => {
    const { bytes } = dedupBtf(parseBtf(build([int, struct('s', ['a', 1]), struct('s', ['b', 1]), fwd('s'), ptr(4)])));
    expect(dump(bytes).slice(3)).toEqual(["[4] FWD 's' fwd_kind=struct", "[5] PTR '(anon)' type_id=4"]);
  });

  test('variables and sections are never merged', () => {
    const variable: NewBtfType = { kind: 'var', name: 'v', typeId: 1, linkage: 1 };
    const data = (typeId: number): NewBtfType => ({
      kind: 'datasec',
      name: '.data',
      size: 4,
      vars: [{ typeId, offset: 0, size: 4 }],
    });
    const { bytes } = dedupBtf(parseBtf(build([int, variable, data(2), int, { ...variable, typeId: 4 }, data(5)])));
    expect(parseBtf(bytes).typeCount).toBe(5);
    expect(dump(bytes)[4]).toBe("[5] DATASEC '.data' size=4 vlen=1 | type_id=4 offset=0 size=4 (VAR 'v')");
  });

  test('an enum takes the place of its forward declaration, whatever its size', () => {
    const forward: NewBtfType = { kind: 'enum', name: 'e', size: 4, signed: false, values: [] };
    const whole: NewBtfType = { kind: 'enum64', name: 'e', size: 8, signed: false, values: [{ name: 'x', value: 1n }] };
    const { bytes } = dedupBtf(parseBtf(build([forward, ptr(1), whole, ptr(3)])));
    expect(dump(bytes)).toEqual([
      "[1] PTR '(anon)' type_id=2",
      "[2] ENUM64 'e' encoding=UNSIGNED size=8 vlen=1 | 'x' val=1ULL",
    ]);
  });

  test('types of a base are used and never changed', () => {
    const base = parseBtf(build([int, struct('known', ['a', 1]), fwd('later')]));
    const split = new BtfBuilder({ base });
    split.add(int);
    split.add(struct('known', ['a', 4]));
    split.add(struct('later', ['k', 5]));
    split.add(ptr(6));
    split.add(ptr(3));
    const { bytes, newIds } = dedupBtf(parseBtf(split.finish(), { base }));
    const result = parseBtf(bytes, { base });
    expect(result.typeCount).toBe(6);
    expect([...newIds.subarray(4)]).toEqual([1, 2, 4, 5, 6]);
    expect(result.mustType(4)).toMatchObject({ kind: 'struct', name: 'later', members: [{ typeId: 2 }] });
  });

  test('strings are kept once, unused ones not at all', () => {
    const builder = new BtfBuilder();
    builder.add(int);
    builder.add(int);
    builder.add({ ...int, name: 'other', size: 8, bits: 64 } as NewBtfType);
    const { bytes } = dedupBtf(parseBtf(builder.finish()));
    const btf = parseBtf(bytes);
    expect(new TextDecoder().decode(bytes.subarray(btf.stringsStart))).toBe('\0int\0other\0');
  });

  test("the ids and strings of an object's ext records follow", () => {
    const btf = parseBtf(section('core', '.BTF'));
    const ext = section('core', '.BTF.ext');
    const { bytes, ext: newExt, newIds } = dedupBtf(btf, { ext });
    const [before, after] = [parseBtfExt(ext), parseBtfExt(newExt!)];
    const result = parseBtf(bytes);
    expect(result.typeCount).toBeLessThan(btf.typeCount);
    const relocations = before.coreRelos.flatMap((s) => s.records);
    const moved = after.coreRelos.flatMap((s) => s.records);
    expect(moved.length).toBe(relocations.length);
    expect(moved.length).toBeGreaterThan(3);
    for (const [i, relocation] of relocations.entries()) {
      expect(moved[i]!.typeId).toBe(newIds[relocation.typeId]);
      expect(result.mustType(moved[i]!.typeId).name).toBe(btf.mustType(relocation.typeId).name);
      expect(result.str(moved[i]!.access)).toBe(btf.str(relocation.access));
    }
    const lines = (b: typeof btf, e: typeof before) =>
      e.lineInfo.flatMap((s) => [b.str(s.section), ...s.records.flatMap((r) => [b.str(r.fileName), b.str(r.line)])]);
    expect(lines(result, after)).toEqual(lines(btf, before));
  });

  test('a second run changes nothing', () => {
    for (const name of ['maps', 'core', 'rich-values', 'program-types']) {
      const once = dedupBtf(parseBtf(section(name, '.BTF'))).bytes;
      expect(dedupBtf(parseBtf(once)).bytes).toEqual(once);
    }
  });

  test('circles of references and damaged types are refused', () => {
    const alias = (typeId: number): NewBtfType => ({ kind: 'const', name: '', typeId, kindFlag: false });
    expect(() => dedupBtf(parseBtf(build([alias(2), alias(1)])))).toThrow(BtfCycleError);
    expect(() => dedupBtf(parseBtf(build([ptr(7)])))).toThrow(/type \[1\]: invalid referenced type ID 7/);
    const long = Array.from({ length: 100_000 }, (_, i) => ptr(i + 2));
    expect(() => dedupBtf(parseBtf(build([...long, int])))).toThrow(ParseError);
  });

  test('a chain of structs as long as a kernel is merged', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => [
      struct(`s${i}`, ['next', 2 * i + 2]),
      ptr(2 * i + 3),
    ]).flat();
    const merger = new BtfMerger();
    for (let i = 0; i < 2; i++) merger.add(parseBtf(build([...chain, int])));
    expect(parseBtf(dedupBtf(parseBtf(merger.finish())).bytes).typeCount).toBe(40_001);
  });

  test('a split BTF is merged over its own base only', () => {
    const base = parseBtf(build([int]));
    const split = parseBtf(new BtfBuilder({ base }).finish(), { base });
    expect(() => new BtfMerger().add(split)).toThrow(ParseError);
    expect(new BtfMerger({ base }).add(split)).toBe(2);
  });
});

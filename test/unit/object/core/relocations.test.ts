import { Kind } from '../../../../src/btf/index.ts';
import { describe, expect, test } from 'vitest';
import { Core } from '../../../../src/object/index.ts';
import { load, loadImmediate64, moveImmediate, poisoned, relocate, Types } from './build.ts';

/** `struct sample { int a; struct sample *next; char text[8]; unsigned bits:3, more:7; }` at given offsets. */
function sample(
  name = 'sample',
  at = { a: 0, next: 8, text: 16, bits: 192, more: 195, size: 32 },
): { types: Types; id: number } {
  const types = new Types();
  const int = types.int('int', 4, { signed: true });
  const unsigned = types.int('unsigned int', 4);
  const char = types.int('char', 1, { signed: true });
  const next = types.pointer(int);
  const text = types.array(char, 8);
  const id = types.struct(name, at.size, [
    ['a', int, at.a],
    ['next', next, at.next],
    ['text', text, at.text],
    ['bits', unsigned, at.bits, 3],
    ['more', unsigned, at.more, 7],
  ]);
  return { types, id };
}

const local = sample();
const moved = sample('sample', { a: 12, next: 24, text: 40, bits: 400, more: 403, size: 56 });
const field = (access: string, kind: number) => ({ typeId: local.id, access, kind });

describe('fields', () => {
  test('a byte offset goes into a load', () => {
    const result = relocate(local.types, moved.types, field('0:0', Core.FIELD_BYTE_OFFSET), load(0));
    expect(result.code).toEqual(load(12));
  });

  test('a byte offset goes into an addition', () => {
    const result = relocate(local.types, moved.types, field('0:1', Core.FIELD_BYTE_OFFSET), moveImmediate(8));
    expect(result.code).toEqual(moveImmediate(24));
  });

  test('an array element moves with its array', () => {
    const result = relocate(local.types, moved.types, field('0:2:5', Core.FIELD_BYTE_OFFSET), moveImmediate(21));
    expect(result.code).toEqual(moveImmediate(45));
  });

  test('an element beyond the target array is absent', () => {
    const small = new Types();
    const char = small.int('char', 1, { signed: true });
    small.struct('sample', 8, [['text', small.array(char, 4), 0]]);
    const request = field('0:2:5', Core.FIELD_BYTE_OFFSET);
    expect(relocate(local.types, small, request, moveImmediate(21)).code).toEqual(poisoned);
  });

  test('an index into an array of the root type counts whole values', () => {
    const result = relocate(local.types, moved.types, field('2:0', Core.FIELD_BYTE_OFFSET), moveImmediate(64));
    expect(result.code).toEqual(moveImmediate(56 * 2 + 12));
  });

  test('a byte size is that of the target', () => {
    const wide = new Types();
    wide.struct('sample', 8, [['a', wide.int('long', 8, { signed: true }), 0]]);
    expect(relocate(local.types, wide, field('0:0', Core.FIELD_BYTE_SIZE), moveImmediate(4)).code).toEqual(
      moveImmediate(8),
    );
  });

  test('existence is 1 or 0', () => {
    const without = new Types();
    without.struct('sample', 4, [['other', without.int('int', 4), 0]]);
    const request = field('0:0', Core.FIELD_EXISTS);
    expect(relocate(local.types, moved.types, request, moveImmediate(1)).code).toEqual(moveImmediate(1));
    expect(relocate(local.types, without, request, moveImmediate(1)).code).toEqual(moveImmediate(0));
  });

  test('signedness is that of the target', () => {
    const unsigned = new Types();
    unsigned.struct('sample', 4, [['a', unsigned.int('unsigned int', 4), 0]]);
    const request = field('0:0', Core.FIELD_SIGNED);
    expect(relocate(local.types, unsigned, request, moveImmediate(1)).code).toEqual(moveImmediate(0));
  });

  test('bit-field shifts follow the bits', () => {
    const left = field('0:4', Core.FIELD_LSHIFT_U64);
    const right = field('0:4', Core.FIELD_RSHIFT_U64);
    // Bits 3..9 of the unit at 192, then bits 19..25 of the unit at 384.
    expect(relocate(local.types, moved.types, left, moveImmediate(54)).code).toEqual(moveImmediate(38));
    expect(relocate(local.types, moved.types, right, moveImmediate(57)).code).toEqual(moveImmediate(57));
    const offset = field('0:4', Core.FIELD_BYTE_OFFSET);
    expect(relocate(local.types, moved.types, offset, moveImmediate(24)).code).toEqual(moveImmediate(48));
    const size = field('0:4', Core.FIELD_BYTE_SIZE);
    expect(relocate(local.types, moved.types, size, moveImmediate(4)).code).toEqual(moveImmediate(4));
  });

  test('a member is found inside anonymous members', () => {
    const nested = new Types();
    const int = nested.int('int', 4, { signed: true });
    const inner = nested.struct('', 8, [
      ['other', int, 0],
      ['a', int, 4],
    ]);
    const union = nested.struct('', 8, [['', inner, 0]], Kind.union);
    nested.struct('sample', 24, [
      ['first', int, 0],
      ['', union, 8],
    ]);
    expect(relocate(local.types, nested, field('0:0', Core.FIELD_BYTE_OFFSET), load(0)).code).toEqual(load(12));
  });

  test('a load changes its width with an unsigned field', () => {
    const narrow = new Types();
    const u32 = narrow.int('unsigned int', 4);
    const id = narrow.struct('s', 4, [['a', u32, 0]]);
    const wide = new Types();
    wide.struct('s', 16, [['a', wide.int('unsigned long', 8), 8]]);
    const request = { typeId: id, access: '0:0', kind: Core.FIELD_BYTE_OFFSET };
    expect(relocate(narrow, wide, request, load(0)).code).toEqual(load(8, 0x79));
  });

  test('a load of a signed field of another width is poisoned, with a warning', () => {
    const wide = new Types();
    wide.struct('sample', 16, [['a', wide.int('long', 8, { signed: true }), 8]]);
    const result = relocate(local.types, wide, field('0:0', Core.FIELD_BYTE_OFFSET), load(0));
    expect(result.code).toEqual(poisoned);
    expect(result.warnings[0]).toContain('accesses field incorrectly');
  });

  test('what no candidate has is poisoned, both halves of a 64-bit load', () => {
    const result = relocate(local.types, new Types(), field('0:0', Core.FIELD_BYTE_OFFSET), loadImmediate64(0n));
    expect(result.code).toEqual([...poisoned, ...poisoned]);
  });

  test('an incompatible field does not count', () => {
    const other = new Types();
    const inner = other.struct('inner', 4, [['x', other.int('int', 4), 0]]);
    other.struct('sample', 4, [['a', inner, 0]]);
    const request = field('0:0', Core.FIELD_EXISTS);
    expect(relocate(local.types, other, request, moveImmediate(1)).code).toEqual(moveImmediate(0));
  });

  test('flavours on either side are ignored', () => {
    const flavoured = sample('sample___mine');
    const request = { typeId: flavoured.id, access: '0:0', kind: Core.FIELD_BYTE_OFFSET };
    expect(relocate(flavoured.types, moved.types, request, load(0)).code).toEqual(load(12));
    const targets = sample('sample___theirs', { a: 20, next: 24, text: 40, bits: 400, more: 403, size: 56 });
    expect(relocate(local.types, targets.types, field('0:0', Core.FIELD_BYTE_OFFSET), load(0)).code).toEqual(load(20));
  });

  test('candidates that disagree are an error', () => {
    const both = new Types();
    const int = both.int('int', 4, { signed: true });
    both.struct('sample', 8, [['a', int, 0]]);
    both.struct('sample', 8, [['a', int, 4]]);
    const request = field('0:0', Core.FIELD_BYTE_OFFSET);
    expect(() => relocate(local.types, both, request, load(0))).toThrow('field offset ambiguity: 32 != 0');
  });

  test('modules are looked at only if the kernel has no candidate', () => {
    const module = sample('sample', { a: 28, next: 24, text: 40, bits: 400, more: 403, size: 56 });
    const request = field('0:0', Core.FIELD_BYTE_OFFSET);
    expect(relocate(local.types, [new Types(), module.types], request, load(0)).code).toEqual(load(28));
    expect(relocate(local.types, [moved.types, module.types], request, load(0)).code).toEqual(load(12));
  });

  test('an instruction that does not hold the local value is refused', () => {
    const request = field('0:1', Core.FIELD_BYTE_OFFSET);
    expect(() => relocate(local.types, moved.types, request, load(4))).toThrow('got 4, exp 8 -> 24');
  });
});

describe('types', () => {
  const type = (kind: number) => ({ typeId: local.id, access: '0', kind });

  test('existence, size and ids', () => {
    expect(relocate(local.types, moved.types, type(Core.TYPE_EXISTS), moveImmediate(1)).code).toEqual(moveImmediate(1));
    expect(relocate(local.types, new Types(), type(Core.TYPE_EXISTS), moveImmediate(1)).code).toEqual(moveImmediate(0));
    expect(relocate(local.types, moved.types, type(Core.TYPE_SIZE), moveImmediate(32)).code).toEqual(moveImmediate(56));
    expect(relocate(local.types, new Types(), type(Core.TYPE_SIZE), moveImmediate(32)).code).toEqual(moveImmediate(0));
    const id = loadImmediate64(0n);
    expect(relocate(local.types, moved.types, type(Core.TYPE_ID_TARGET), id).code).toEqual(
      loadImmediate64(BigInt(moved.id)),
    );
    expect(relocate(local.types, new Types(), type(Core.TYPE_ID_LOCAL), id).code).toEqual(
      loadImmediate64(BigInt(local.id)),
    );
  });

  test('matching looks at members', () => {
    const a = new Types();
    const id = a.struct('m', 8, [['x', a.int('int', 4, { signed: true }), 0]]);
    const more = new Types();
    const int = more.int('int', 4, { signed: true });
    more.struct('m', 8, [
      ['w', int, 0],
      ['x', int, 4],
    ]);
    const other = new Types();
    other.struct('m', 8, [['x', other.int('long', 8, { signed: true }), 0]]);
    const request = { typeId: id, access: '0', kind: Core.TYPE_MATCHES };
    expect(relocate(a, more, request, moveImmediate(1)).code).toEqual(moveImmediate(1));
    expect(relocate(a, other, request, moveImmediate(1)).code).toEqual(moveImmediate(0));
  });

  test('a pointer to a struct matches one to its forward declaration', () => {
    const a = new Types();
    const inner = a.struct('inner', 4, [['x', a.int('int', 4), 0]]);
    const id = a.struct('m', 8, [['p', a.pointer(inner), 0]]);
    const b = new Types();
    b.struct('m', 8, [['p', b.pointer(b.forward('inner')), 0]]);
    const request = { typeId: id, access: '0', kind: Core.TYPE_MATCHES };
    expect(relocate(a, b, request, moveImmediate(1)).code).toEqual(moveImmediate(1));
  });

  test('typedefs of functions are compatible by their parameters', () => {
    const a = new Types();
    const int = a.int('int', 4, { signed: true });
    const id = a.typedef('callback_t', a.pointer(a.function(int, [int, a.pointer(0)])));
    const b = new Types();
    const long = b.int('long', 8, { signed: true });
    b.typedef('callback_t', b.pointer(b.function(long, [long, b.pointer(0)])));
    const c = new Types();
    c.typedef('callback_t', c.pointer(c.function(0, [c.int('int', 4)])));
    const request = { typeId: id, access: '0', kind: Core.TYPE_EXISTS };
    expect(relocate(a, b, request, moveImmediate(1)).code).toEqual(moveImmediate(1));
    expect(relocate(a, c, request, moveImmediate(1)).code).toEqual(moveImmediate(0));
  });
});

describe('enumerators', () => {
  const types = new Types();
  const id = types.enumeration('colour', { RED___mine: 1, GREEN: 2 });

  test('values and existence come from the target, flavours aside', () => {
    const target = new Types();
    target.enumeration('colour', { BLUE: 0, RED: 77 });
    const red = { typeId: id, access: '0', kind: Core.ENUMVAL_VALUE };
    expect(relocate(types, target, red, loadImmediate64(1n)).code).toEqual(loadImmediate64(77n));
    const green = { typeId: id, access: '1', kind: Core.ENUMVAL_EXISTS };
    expect(relocate(types, target, green, moveImmediate(1)).code).toEqual(moveImmediate(0));
    const value = { typeId: id, access: '1', kind: Core.ENUMVAL_VALUE };
    expect(relocate(types, target, value, loadImmediate64(2n)).code).toEqual([...poisoned, ...poisoned]);
  });

  test('a 64-bit enumeration may stand for a 32-bit one', () => {
    const target = new Types();
    target.enumeration64('colour', { GREEN: 0x123456789an });
    const request = { typeId: id, access: '1', kind: Core.ENUMVAL_VALUE };
    expect(relocate(types, target, request, loadImmediate64(2n)).code).toEqual(loadImmediate64(0x123456789an));
  });
});

describe('bad relocations', () => {
  test.each([
    ['0:9', Core.FIELD_BYTE_OFFSET],
    ['0:0:1', Core.FIELD_BYTE_OFFSET],
    ['0:2:8', Core.FIELD_BYTE_OFFSET],
    ['', Core.FIELD_BYTE_OFFSET],
    ['x', Core.FIELD_BYTE_OFFSET],
    ['1', Core.TYPE_EXISTS],
    ['0', Core.ENUMVAL_VALUE],
    ['0', 99],
  ])('access %j of kind %i does not fit', (access, kind) => {
    expect(() => relocate(local.types, moved.types, { typeId: local.id, access, kind }, load(0))).toThrow(
      /parsing \[\d+\] struct sample \+ .* failed: -22/,
    );
  });

  test('an anonymous type has no candidates', () => {
    const types = new Types();
    const id = types.struct('', 4, [['x', types.int('int', 4), 0]]);
    const request = { typeId: id, access: '0:0', kind: Core.FIELD_EXISTS };
    expect(() => relocate(types, moved.types, request, moveImmediate(1))).toThrow(
      /target candidate search failed for \[\d+\] struct {1,2}: -22/,
    );
  });

  test('only instructions with a place for a value can be relocated', () => {
    const call = [0x85, 0, 0, 0, 1, 0, 0, 0];
    const request = field('0:0', Core.FIELD_BYTE_OFFSET);
    expect(() => relocate(local.types, moved.types, request, call)).toThrow('trying to relocate unrecognized insn #0');
  });
});

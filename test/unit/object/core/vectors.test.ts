import { Kind } from '../../../../src/btf/index.ts';
import { describe, expect, test } from 'vitest';
import { Core } from '../../../../src/object/index.ts';
import { instruction, loadImmediate64, moveImmediate, poisoned, relocate, Types } from './build.ts';

/** An instruction as the bytes of its slot or slots, in the order of the file. */
const hex = (text: string): number[] => [...Buffer.from(text.replaceAll(' ', ''), 'hex')];

type Member = readonly [string, number, number] | readonly [string, number, number, number];
type Make = (types: Types) => readonly Member[];

/** `struct s` with members of the maker's; its size is large enough for all of them. */
function struct(make: Make, options: { name?: string; size?: number; kind?: number } = {}) {
  const types = new Types();
  const members = make(types);
  return { types, id: types.struct(options.name ?? 's', options.size ?? 256, members, options.kind) };
}

const u = (types: Types, bytes: number) => types.int(`u${bytes * 8}`, bytes);
const i = (types: Types, bytes: number) => types.int(`s${bytes * 8}`, bytes, { signed: true });

interface Vector {
  readonly what: string;
  readonly local: Make;
  readonly target: Make;
  readonly access?: string;
  readonly kind?: number;
  readonly before: string;
  readonly after: string;
}

const call = Buffer.from(poisoned).toString('hex');

function check({ local, target, access = '0:0', kind = Core.FIELD_BYTE_OFFSET, before, after }: Vector): string[] {
  const [ours, theirs] = [struct(local), struct(target)];
  const result = relocate(ours.types, theirs.types, { typeId: ours.id, access, kind }, hex(before));
  expect(Buffer.from(result.code).toString('hex')).toBe(after.replaceAll(' ', ''));
  return result.warnings;
}

const at =
  (bytes: number, type: (types: Types) => number): Make =>
  (types) => [['x', type(types), bytes]];

describe('the width of a load or store follows the field', () => {
  // LDX 61 W, 69 H, 71 B, 79 DW; ST 62 6a 72 7a; STX 63 6b 73 7b.
  const widths = { 1: '1', 2: '9', 4: '1', 8: '9' } as const;
  const opcode = (of: 'ldx' | 'st' | 'stx', bytes: 1 | 2 | 4 | 8) =>
    `${bytes === 1 || bytes === 8 ? '7' : '6'}${{ ldx: widths[bytes], st: bytes === 1 || bytes === 4 ? '2' : 'a', stx: bytes === 1 || bytes === 4 ? '3' : 'b' }[of]}`;
  const registers = { ldx: '21', st: '01', stx: '21' } as const;
  const sizes = [1, 2, 4, 8] as const;
  const rows = (['ldx', 'st', 'stx'] as const).flatMap((of) =>
    sizes.flatMap((from) => sizes.map((to) => [of, from, to] as const)),
  );
  test.each(rows)('%s of %i bytes becomes one of %i', (of, from, to) => {
    check({
      what: '',
      local: at(16, (types) => u(types, from)),
      target: at(40, (types) => u(types, to)),
      before: `${opcode(of, from)} ${registers[of]} 10 00 05 00 00 00`,
      after: `${opcode(of, to)} ${registers[of]} 28 00 05 00 00 00`,
    });
  });

  test('spelled out for one of each class', () => {
    const change = { what: '', local: at(0, (types) => u(types, 4)), target: at(8, (types) => u(types, 8)) };
    check({ ...change, before: '61 21 00 00 00 00 00 00', after: '79 21 08 00 00 00 00 00' });
    check({ ...change, before: '62 01 00 00 ff ff ff ff', after: '7a 01 08 00 ff ff ff ff' });
    check({ ...change, before: '63 21 00 00 00 00 00 00', after: '7b 21 08 00 00 00 00 00' });
  });
});

const pointer = (types: Types) => types.pointer(u(types, 4));

const vectors: readonly Vector[] = [
  {
    what: 'pointers keep their width: both sides count as 8 bytes',
    local: at(8, pointer),
    target: at(24, pointer),
    before: '79 21 08 00 00 00 00 00',
    after: '79 21 18 00 00 00 00 00',
  },
  {
    what: 'signed fields of equal width move',
    local: at(8, (types) => i(types, 4)),
    target: at(24, (types) => i(types, 4)),
    before: '61 21 08 00 00 00 00 00',
    after: '61 21 18 00 00 00 00 00',
  },
  {
    what: 'a bool that is also signed may change its width',
    local: at(8, (types) => types.int('b', 1, { signed: true, bool: true })),
    target: at(24, (types) => types.int('b', 4, { signed: true, bool: true })),
    before: '71 21 08 00 00 00 00 00',
    after: '61 21 18 00 00 00 00 00',
  },
  {
    what: 'a signed store of another width is poisoned',
    local: at(8, (types) => i(types, 4)),
    target: at(24, (types) => i(types, 8)),
    before: '63 21 08 00 00 00 00 00',
    after: call,
  },
  {
    what: 'an unsigned field that became signed and wider is poisoned',
    local: at(8, (types) => u(types, 4)),
    target: at(24, (types) => i(types, 8)),
    before: '61 21 08 00 00 00 00 00',
    after: call,
  },
  {
    what: 'a whole array whose elements have another width is poisoned: arrays are no integers',
    local: at(8, (types) => types.array(u(types, 4), 4)),
    target: at(24, (types) => types.array(u(types, 8), 4)),
    before: '61 21 08 00 00 00 00 00',
    after: call,
  },
  {
    what: 'an element of an array of another width follows',
    local: at(8, (types) => types.array(u(types, 4), 4)),
    target: at(24, (types) => types.array(u(types, 8), 4)),
    access: '0:0:2',
    before: '61 21 10 00 00 00 00 00',
    after: '79 21 28 00 00 00 00 00',
  },
  {
    what: 'a signed field of another width does not matter to an addition',
    local: at(8, (types) => i(types, 4)),
    target: at(24, (types) => i(types, 8)),
    before: '07 01 00 00 08 00 00 00',
    after: '07 01 00 00 18 00 00 00',
  },
  {
    what: 'a 32-bit addition',
    local: at(8, (types) => u(types, 4)),
    target: at(24, (types) => u(types, 4)),
    before: '04 01 00 00 08 00 00 00',
    after: '04 01 00 00 18 00 00 00',
  },
  {
    what: 'a field beyond 16 bits of offset fits an immediate',
    local: at(8, (types) => u(types, 4)),
    target: at(70000, (types) => u(types, 4)),
    before: 'b7 01 00 00 08 00 00 00',
    after: 'b7 01 00 00 70 11 01 00',
  },
  {
    what: 'a byte offset in a 64-bit immediate',
    local: at(8, (types) => u(types, 4)),
    target: at(24, (types) => u(types, 4)),
    before: '18 01 00 00 08 00 00 00 00 00 00 00 00 00 00 00',
    after: '18 01 00 00 18 00 00 00 00 00 00 00 00 00 00 00',
  },
  {
    what: 'an element of an array in an array: dimensions may differ, places are counted',
    local: at(8, (types) => types.array(types.array(u(types, 4), 3), 2)),
    target: at(24, (types) => types.array(types.array(u(types, 4), 5), 4)),
    access: '0:0:1:2',
    before: 'b7 01 00 00 1c 00 00 00',
    after: 'b7 01 00 00 34 00 00 00',
  },
  {
    what: 'any element of a flexible array',
    local: (types) => [
      ['n', u(types, 4), 0],
      ['x', types.array(u(types, 4), 0), 4],
    ],
    target: (types) => [
      ['n', u(types, 4), 0],
      ['more', u(types, 4), 4],
      ['x', types.array(u(types, 4), 0), 8],
    ],
    access: '0:1:5',
    before: 'b7 01 00 00 18 00 00 00',
    after: 'b7 01 00 00 1c 00 00 00',
  },
  {
    what: 'an array of no elements that is not the last member has none',
    local: (types) => [
      ['n', u(types, 4), 0],
      ['x', types.array(u(types, 4), 0), 4],
    ],
    target: (types) => [
      ['x', types.array(u(types, 4), 0), 0],
      ['n', u(types, 4), 4],
    ],
    access: '0:1:0',
    before: 'b7 01 00 00 04 00 00 00',
    after: call,
  },
  {
    what: 'typedefs and qualifiers around a field do not count',
    local: at(8, (types) => types.typedef('number_t', types.constant(u(types, 4)))),
    target: at(24, (types) => types.constant(types.typedef('other_t', u(types, 2)))),
    before: '61 21 08 00 00 00 00 00',
    after: '69 21 18 00 00 00 00 00',
  },
  {
    what: 'a member of a member, found in an anonymous union of the target',
    local: at(8, (types) => types.struct('in', 8, [['y', u(types, 4), 4]])),
    target: (types) => {
      const inner = types.struct('in', 16, [['y', u(types, 4), 12]]);
      const union = types.struct(
        '',
        16,
        [
          ['z', u(types, 8), 0],
          ['x', inner, 0],
        ],
        Kind.union,
      );
      return [['', union, 32]];
    },
    access: '0:0:0',
    before: '61 21 0c 00 00 00 00 00',
    after: '61 21 2c 00 00 00 00 00',
  },
  {
    what: 'anonymous members of the local type are steps without a name',
    local: (types) => {
      const inner = types.struct('', 8, [
        ['a', u(types, 4), 0],
        ['x', u(types, 4), 4],
      ]);
      return [['', inner, 16]];
    },
    target: at(4, (types) => u(types, 4)),
    access: '0:0:1',
    before: '61 21 14 00 00 00 00 00',
    after: '61 21 04 00 00 00 00 00',
  },
  {
    what: 'a struct may stand for a union',
    local: at(8, (types) => types.struct('in', 4, [['y', u(types, 4), 0]])),
    target: at(24, (types) => types.struct('other', 4, [['y', u(types, 4), 0]], Kind.union)),
    access: '0:0:0',
    before: '61 21 08 00 00 00 00 00',
    after: '61 21 18 00 00 00 00 00',
  },
  {
    what: 'an integer does not stand for a pointer',
    local: at(8, pointer),
    target: at(24, (types) => u(types, 8)),
    before: '79 21 08 00 00 00 00 00',
    after: call,
  },
  {
    what: 'an integer with a bit offset of its own is no field',
    local: at(8, (types) => u(types, 4)),
    target: at(24, (types) => types.int('u32', 4, { offset: 3 })),
    before: '61 21 08 00 00 00 00 00',
    after: call,
  },
  {
    what: 'floats stand for each other; a load does not change its width for them',
    local: at(8, (types) => types.float('double', 8)),
    target: at(24, (types) => types.float('float', 4)),
    before: '79 21 08 00 00 00 00 00',
    after: call,
  },
  {
    what: 'enumerations of one name, flavours aside',
    local: at(8, (types) => types.enumeration('e___mine', { A: 0 })),
    target: at(24, (types) => types.enumeration('e', { B: 0 })),
    before: '61 21 08 00 00 00 00 00',
    after: '61 21 18 00 00 00 00 00',
  },
  {
    what: 'not enumerations of other names',
    local: at(8, (types) => types.enumeration('e', { A: 0 })),
    target: at(24, (types) => types.enumeration('f', { A: 0 })),
    before: '61 21 08 00 00 00 00 00',
    after: call,
  },
  {
    what: 'the size of an array is that of all its elements',
    local: at(0, (types) => types.array(u(types, 4), 4)),
    target: at(0, (types) => types.array(u(types, 2), 100)),
    kind: Core.FIELD_BYTE_SIZE,
    before: 'b7 01 00 00 10 00 00 00',
    after: 'b7 01 00 00 c8 00 00 00',
  },
  {
    what: 'the size of an element is that of the element',
    local: at(0, (types) => types.array(u(types, 4), 4)),
    target: at(0, (types) => types.array(u(types, 2), 100)),
    access: '0:0:1',
    kind: Core.FIELD_BYTE_SIZE,
    before: 'b7 01 00 00 04 00 00 00',
    after: 'b7 01 00 00 02 00 00 00',
  },
  {
    what: 'the size of a field that is missing is poisoned',
    local: at(0, (types) => u(types, 4)),
    target: () => [],
    kind: Core.FIELD_BYTE_SIZE,
    before: 'b7 01 00 00 04 00 00 00',
    after: call,
  },
  {
    what: 'an enumeration with the flag is signed',
    local: at(0, (types) => types.enumeration('e', { A: 0 })),
    target: at(0, (types) => types.enumeration('e', { A: -1 }, { signed: true })),
    kind: Core.FIELD_SIGNED,
    before: 'b7 01 00 00 00 00 00 00',
    after: 'b7 01 00 00 01 00 00 00',
  },
  {
    what: 'pointers are unsigned',
    local: at(0, pointer),
    target: at(8, pointer),
    kind: Core.FIELD_SIGNED,
    before: 'b7 01 00 00 00 00 00 00',
    after: 'b7 01 00 00 00 00 00 00',
  },
  {
    what: 'existence of an element in range',
    local: at(0, (types) => types.array(u(types, 4), 4)),
    target: at(0, (types) => types.array(u(types, 4), 2)),
    access: '0:0:1',
    kind: Core.FIELD_EXISTS,
    before: 'b7 01 00 00 01 00 00 00',
    after: 'b7 01 00 00 01 00 00 00',
  },
  {
    what: 'existence of an element out of range',
    local: at(0, (types) => types.array(u(types, 4), 4)),
    target: at(0, (types) => types.array(u(types, 4), 2)),
    access: '0:0:2',
    kind: Core.FIELD_EXISTS,
    before: 'b7 01 00 00 01 00 00 00',
    after: 'b7 01 00 00 00 00 00 00',
  },
];

/** `u32 x : bits` at a bit offset. */
const bits =
  (offset: number, width: number, bytes = 4): Make =>
  (types) => [['x', u(types, bytes), offset, width]];

/** kind, what the local instruction holds (not checked where it depends on the compiler), what it becomes. */
const bitFields: readonly [string, Make, Make, [offset: number, size: number, left: number, right: number]][] = [
  // Bits 13..17 of the word at byte 4: 64 - (45 + 5 - 32) = 46, 64 - 5 = 59.
  ['within its unit', bits(3, 5), bits(45, 5), [4, 4, 46, 59]],
  // 30 + 6 bits pass the first word: the unit doubles to 8 bytes. 64 - (30 + 6) = 28.
  ['across two units', bits(3, 6), bits(30, 6), [0, 8, 28, 58]],
  // A byte-sized type: bits 6..9 need two bytes, which start at 0.
  ['of a narrow type', bits(0, 4), bits(6, 4, 1), [0, 2, 54, 60]],
  // No bit-field any more: 64 - (96 + 32 - 96) = 32.
  ['that became a whole field', bits(3, 5), at(12, (types) => u(types, 4)), [12, 4, 32, 32]],
  // Two bytes wide at byte 6: 64 - (48 + 16 - 48) = 48.
  ['that became a narrower field', bits(3, 5), at(6, (types) => u(types, 2)), [6, 2, 48, 48]],
  // The other way round: bits 9..11 of the word at 0.
  ['that was a whole field', at(0, (types) => u(types, 4)), bits(9, 3), [0, 4, 52, 61]],
];

describe('a bit-field', () => {
  test.each(bitFields)('%s', (what, local, target, [offset, size, left, right]) => {
    const isBits = local(new Types())[0]!.length === 4;
    const held = { offset: isBits ? 77 : 0, size: isBits ? 77 : 4, left: isBits ? 77 : 32, right: isBits ? 59 : 32 };
    const run = (kind: number, before: number, after: number) => {
      const [ours, theirs] = [struct(local), struct(target)];
      const width = (local(new Types())[0] as unknown as number[])[3];
      const holds = kind === Core.FIELD_RSHIFT_U64 && width !== undefined ? 64 - width : before;
      const request = { typeId: ours.id, access: '0:0', kind };
      expect([what, relocate(ours.types, theirs.types, request, moveImmediate(holds)).code]).toEqual([
        what,
        moveImmediate(after),
      ]);
    };
    run(Core.FIELD_BYTE_OFFSET, held.offset, offset);
    run(Core.FIELD_BYTE_SIZE, held.size, size);
    run(Core.FIELD_LSHIFT_U64, held.left, left);
    run(Core.FIELD_RSHIFT_U64, held.right, right);
  });

  test('load moves to its unit without another width', () => {
    check({
      what: '',
      local: bits(3, 5),
      target: bits(45, 5),
      before: '61 21 00 00 00 00 00 00',
      after: '61 21 04 00 00 00 00 00',
    });
  });

  test('that no 8 bytes hold is refused', () => {
    const [local, target] = [struct(bits(3, 32)), struct(bits(63, 32, 8))];
    const request = { typeId: local.id, access: '0:0', kind: Core.FIELD_BYTE_SIZE };
    const warnings: string[] = [];
    expect(() => relocate(local.types, target.types, request, moveImmediate(4), warnings)).toThrow(
      "can't be satisfied for bitfield",
    );
    expect(warnings).toEqual([
      "prog 'p': relo 1 at insn #7 can't be satisfied for bitfield",
      "prog 'p': relo #0: failed to relocate: -E2BIG",
    ]);
  });
});

describe('fields', () => {
  test.each(vectors.map((vector) => [vector.what, vector] as const))('%s', (_what, vector) => {
    const warnings = check(vector);
    const isResized = vector.after === call && !vector.what.includes('has none');
    if (!isResized) expect(warnings).toEqual([]);
  });

  test('an offset beyond 16 bits does not fit a load', () => {
    const [local, target] = [struct(at(0, (types) => u(types, 4))), struct(at(32768, (types) => u(types, 4)))];
    const warnings: string[] = [];
    const request = { typeId: local.id, access: '0:0', kind: Core.FIELD_BYTE_OFFSET };
    expect(() => relocate(local.types, target.types, request, instruction(0x61, 0x21, 0, 0), warnings)).toThrow();
    expect(warnings).toEqual([
      "prog 'p': relo #0: insn #0 (LDX/ST/STX) value too big: 32768",
      "prog 'p': relo #0: failed to patch insn #0: -ERANGE",
    ]);
    const last = struct(at(32767, (types) => u(types, 4)));
    expect(relocate(local.types, last.types, request, instruction(0x61, 0x21, 0, 0)).code).toEqual(
      instruction(0x61, 0x21, 32767, 0),
    );
  });

  test('bit shifts make no sense for an element of an array', () => {
    const [local, target] = [
      at(0, (types) => types.array(u(types, 4), 4)),
      at(0, (types) => types.array(u(types, 4), 4)),
    ].map((make) => struct(make));
    const warnings: string[] = [];
    const request = { typeId: local!.id, access: '0:0:1', kind: Core.FIELD_RSHIFT_U64 };
    expect(() => relocate(local!.types, target!.types, request, moveImmediate(32), warnings)).toThrow();
    expect(warnings).toEqual([
      "prog 'p': relo 5 at insn #7 can't be applied to array access",
      "prog 'p': relo #0: failed to relocate: -EINVAL",
    ]);
  });

  test('a step into a scalar is refused, naming it', () => {
    const local = struct(at(0, (types) => u(types, 4)));
    const warnings: string[] = [];
    const request = { typeId: local.id, access: '0:0:1', kind: Core.FIELD_EXISTS };
    expect(() => relocate(local.types, local.types, request, moveImmediate(1), warnings)).toThrow();
    expect(warnings[0]).toBe("prog 'p': relo for [2] 0:0:1 (at idx 2) captures type [1] of unexpected kind int");
  });

  test('a register is no place for a value', () => {
    const local = struct(at(0, (types) => u(types, 4)));
    const warnings: string[] = [];
    const request = { typeId: local.id, access: '0:0', kind: Core.FIELD_BYTE_OFFSET };
    expect(() => relocate(local.types, local.types, request, instruction(0xbf, 0x21, 0, 0), warnings)).toThrow();
    expect(warnings).toEqual(["prog 'p': relo #0: failed to patch insn #0: -EINVAL"]);
  });

  test.each([
    ['a map', instruction(0x18, 0x11, 0, 0)],
    ['an offset', instruction(0x18, 0x01, 1, 0)],
  ])('a 64-bit immediate that refers to %s is none', (_what, first) => {
    const local = struct(at(0, (types) => u(types, 4)));
    const request = { typeId: local.id, access: '0:0', kind: Core.FIELD_BYTE_OFFSET };
    const code = [...first, ...instruction(0, 0, 0, 0)];
    expect(() => relocate(local.types, local.types, request, code)).toThrow('(LDIMM64) has unexpected form');
  });
});

describe('names of types', () => {
  const pairs: readonly [string, string, boolean][] = [
    ['s', 's', true],
    ['s___a', 's', true],
    ['s', 's___b', true],
    ['s___a', 's___b', true],
    ['s___a___b', 's___a', false],
    ['s__a', 's', false],
    ['s___', 's', false],
    ['___s', 's', false],
    ['s____a', 's_', false],
    ['s', 'S', false],
  ];
  test.each(pairs)('%s and %s: %s', (mine, theirs, same) => {
    const make = at(0, (types) => u(types, 4));
    const [local, target] = [struct(make, { name: mine }), struct(make, { name: theirs })];
    const request = { typeId: local.id, access: '0', kind: Core.TYPE_EXISTS };
    const expected = moveImmediate(same ? 1 : 0);
    expect(relocate(local.types, target.types, request, moveImmediate(1)).code).toEqual(expected);
  });

  test('a struct is not looked for among unions', () => {
    const make = at(0, (types) => u(types, 4));
    const [local, target] = [struct(make), struct(make, { kind: Kind.union })];
    const request = { typeId: local.id, access: '0', kind: Core.TYPE_EXISTS };
    expect(relocate(local.types, target.types, request, moveImmediate(1)).code).toEqual(moveImmediate(0));
  });
});

describe('types', () => {
  /** A typedef of the same name on both sides, of what the makers make. */
  function compare(kind: number, mine: (types: Types) => number, theirs: (types: Types) => number) {
    const [local, target] = [new Types(), new Types()];
    const id = local.typedef('t', mine(local));
    target.typedef('t', theirs(target));
    const result = relocate(local, target, { typeId: id, access: '0', kind }, moveImmediate(1));
    return { value: Buffer.from(result.code).readInt32LE(4), warnings: result.warnings };
  }
  const compatible = (mine: (types: Types) => number, theirs: (types: Types) => number) =>
    compare(Core.TYPE_EXISTS, mine, theirs).value;
  const matching = (mine: (types: Types) => number, theirs: (types: Types) => number) =>
    compare(Core.TYPE_MATCHES, mine, theirs).value;
  const composite = (name: string, make: Make, kind?: number) => (types: Types) =>
    types.struct(name, 64, make(types), kind);

  test.each([
    ['integers of any size and sign', (t: Types) => u(t, 4), (t: Types) => i(t, 8), 1, 0],
    ['equal integers of other names', (t: Types) => u(t, 4), (t: Types) => t.int('unsigned', 4), 1, 0],
    ['an integer and a pointer', (t: Types) => u(t, 8), pointer, 0, 0],
    ['pointers to different integers', pointer, (t: Types) => t.pointer(i(t, 8)), 1, 0],
    ['arrays of other lengths', (t: Types) => t.array(u(t, 4), 2), (t: Types) => t.array(u(t, 4), 3), 1, 0],
    ['functions', (t: Types) => t.function(0, [u(t, 4)]), (t: Types) => t.function(0, [u(t, 4)]), 1, 1],
    ['functions of other results', (t: Types) => t.function(0, []), (t: Types) => t.function(u(t, 4), []), 0, 0],
    [
      'functions of other numbers of parameters',
      (t: Types) => t.function(0, [1]),
      (t: Types) => t.function(0, []),
      0,
      0,
    ],
    [
      'enumerations of both widths',
      (t: Types) => t.enumeration('e', { A: 1 }),
      (t: Types) => t.enumeration64('e', { A: 1n }),
      1,
      0,
    ],
    [
      'enumerations with more values',
      (t: Types) => t.enumeration('e', { A: 1 }),
      (t: Types) => t.enumeration('e', { B: 2, A: 7 }),
      1,
      1,
    ],
    [
      'enumerations with fewer values',
      (t: Types) => t.enumeration('e', { A: 1, B: 2 }),
      (t: Types) => t.enumeration('e', { A: 1 }),
      1,
      0,
    ],
    [
      'structs of other members',
      composite(
        's',
        at(0, (t) => u(t, 4)),
      ),
      composite('s', () => []),
      1,
      0,
    ],
    ['structs of other names', composite('s', () => []), composite('q', () => []), 1, 0],
    ['structs of flavours', composite('s___1', () => []), composite('s___2', () => []), 1, 1],
    ['a struct and a union', composite('s', () => []), composite('s', () => [], Kind.union), 0, 0],
    [
      'pointers to structs of other members',
      (t: Types) =>
        t.pointer(
          composite(
            's',
            at(0, (of) => u(of, 4)),
          )(t),
        ),
      (t: Types) => t.pointer(composite('s', () => [])(t)),
      1,
      1,
    ],
    ['forward declarations', (t: Types) => t.forward('s'), (t: Types) => t.forward('s'), 1, 1],
    [
      'a pointer to a forward declaration and one to a struct',
      (t: Types) => t.pointer(t.forward('s')),
      (t: Types) => t.pointer(composite('s', () => [])(t)),
      0,
      1,
    ],
    [
      'a pointer to a forward declaration and one to a union',
      (t: Types) => t.pointer(t.forward('s')),
      (t: Types) => t.pointer(composite('s', () => [], Kind.union)(t)),
      0,
      0,
    ],
    ['typedefs of nothing', () => 0, () => 0, 1, 1],
  ])('%s', (_what, mine, theirs, exists, matches) => {
    expect([compatible(mine, theirs), matching(mine, theirs)]).toEqual([exists, matches]);
  });

  test('floats are not compared, which is said', () => {
    const result = compare(
      Core.TYPE_EXISTS,
      (t) => t.float('double', 8),
      (t) => t.float('double', 8),
    );
    expect(result).toEqual({ value: 0, warnings: ['unexpected kind float relocated, local [1], target [1]'] });
  });

  test('an id of a missing type is 0; ids are not checked against the instruction', () => {
    const local = struct(() => []);
    const request = { typeId: local.id, access: '0', kind: Core.TYPE_ID_TARGET };
    expect(relocate(local.types, new Types(), request, loadImmediate64(0n)).code).toEqual(loadImmediate64(0n));
    const target = new Types();
    for (let n = 0; n < 9; n++) target.int(`filler${n}`, 4);
    const id = target.struct('s', 4, []);
    expect(id).toBe(10);
    expect(relocate(local.types, target, request, hex('b7 01 00 00 63 00 00 00')).code).toEqual(
      hex('b7 01 00 00 0a 00 00 00'),
    );
    const own = { ...request, kind: Core.TYPE_ID_LOCAL };
    expect(relocate(local.types, target, own, hex('b7 01 00 00 63 00 00 00')).code).toEqual(
      hex('b7 01 00 00 01 00 00 00'),
    );
  });

  test('the size of a forward declaration cannot be asked for', () => {
    const local = new Types();
    const id = local.forward('s');
    const request = { typeId: id, access: '0', kind: Core.TYPE_SIZE };
    expect(() => relocate(local, local, request, moveImmediate(0))).toThrow('has no size');
  });

  test('types that nest too deep are refused, naming the candidate', () => {
    const types = new Types();
    let inner = u(types, 4);
    for (let depth = 0; depth < 40; depth++) inner = types.pointer(inner);
    const id = types.typedef('t', inner);
    const warnings: string[] = [];
    const request = { typeId: id, access: '0', kind: Core.TYPE_EXISTS };
    expect(() => relocate(types, types, request, moveImmediate(1), warnings)).toThrow();
    expect(warnings).toEqual([
      `prog 'p': relo #0: error matching candidate #0 <type_exists> [${id}] typedef t: -22`,
      "prog 'p': relo #0: failed to relocate: -EINVAL",
    ]);
  });
});

describe('enumerators', () => {
  const value = (make: (types: Types) => number, to: (types: Types) => number, code: number[]) => {
    const [local, target] = [new Types(), new Types()];
    const id = make(local);
    to(target);
    return relocate(local, target, { typeId: id, access: '0', kind: Core.ENUMVAL_VALUE }, code).code;
  };

  test('of 32 bits count as signed with and without the flag', () => {
    for (const signed of [true, false]) {
      const minus = (number: number) => (types: Types) => types.enumeration('e', { A: number }, { signed });
      expect(value(minus(-1), minus(-2), hex('b7 01 00 00 ff ff ff ff'))).toEqual(hex('b7 01 00 00 fe ff ff ff'));
      expect(value(minus(-1), minus(-2), hex('18 01 00 00 ff ff ff ff 00 00 00 00 ff ff ff ff'))).toEqual(
        hex('18 01 00 00 fe ff ff ff 00 00 00 00 ff ff ff ff'),
      );
    }
  });

  test('of 64 bits fill both slots', () => {
    const wide = (number: bigint) => (types: Types) => types.enumeration64('e', { A: number });
    expect(value(wide(0x1122334455667788n), wide(0x8877665544332211n), loadImmediate64(0x1122334455667788n))).toEqual(
      hex('18 01 00 00 11 22 33 44 00 00 00 00 55 66 77 88'),
    );
  });

  test('exist or do not, by name, in enumerations of either width', () => {
    const [local, target] = [new Types(), new Types()];
    const id = local.enumeration('e', { A: 1, B: 2 });
    target.enumeration64('e___x', { B___y: 9n });
    const exists = (access: string) =>
      relocate(local, target, { typeId: id, access, kind: Core.ENUMVAL_EXISTS }, moveImmediate(1)).code;
    expect([exists('0'), exists('1')]).toEqual([moveImmediate(0), moveImmediate(1)]);
  });

  test('of candidates that disagree are an error', () => {
    const [local, target] = [new Types(), new Types()];
    const id = local.enumeration('e', { A: 1 });
    target.enumeration('e', { A: 1 });
    target.enumeration('e___2', { A: 2 });
    const request = { typeId: id, access: '0', kind: Core.ENUMVAL_VALUE };
    expect(() => relocate(local, target, request, moveImmediate(1))).toThrow(
      'relocation decision ambiguity: success 2 != success 1',
    );
  });
});

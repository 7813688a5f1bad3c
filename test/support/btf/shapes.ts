// Random C types as plain data. What a shape says is a wish: `assemble` bends it to what the kernel's BTF check allows
// where the shape stands (an array element, a member of a struct with kind_flag, …), so that every shape is legal.
import fc from 'fast-check';

export type Wrapper = 'typedef' | 'const' | 'volatile' | 'restrict' | 'type_tag';

export interface IntShape {
  kind: 'int';
  /** Bytes. */
  size: number;
  /** Bits and their place within `size` bytes: fewer or shifted ones are the old encoding of bit-fields. */
  bits: number;
  bitOffset: number;
  encoding: 'unsigned' | 'signed' | 'char' | 'bool';
  /** The name counts: one-byte integers called `char` make strings. */
  name: string;
}

export interface MemberShape {
  shape: Shape;
  /** Bits left unused before it. */
  gap: number;
  /** Width of a bit-field in a struct with kind_flag; 0: no bit-field. */
  width: number;
  /** Takes effect on structs and unions only. */
  anonymous: boolean;
}

export interface CompositeShape {
  kind: 'struct' | 'union';
  members: MemberShape[];
  kindFlag: boolean;
  /** Bytes after the last member. */
  tail: number;
  named: boolean;
}

export type Shape =
  | IntShape
  | { kind: 'float'; size: number }
  | { kind: 'enum'; size: number; signed: boolean; values: number[]; named: boolean }
  | { kind: 'enum64'; signed: boolean; values: bigint[]; named: boolean }
  | { kind: 'pointer'; to: 'void' | 'forward' | 'function' | 'enclosing' | Shape; wrappers: Wrapper[] }
  | { kind: 'array'; length: number; of: Shape }
  | CompositeShape
  | { kind: 'wrapped'; wrappers: Wrapper[]; of: Shape }
  /** A type used before, where there is one. */
  | { kind: 'again'; pick: number };

export interface ShapeOptions {
  /** Kinds that the reference refuses to print (floats, type tags): everything after one is left out. */
  unprintable: boolean;
  /** Floats other than of 4 and 8 bytes, members without a name that are no struct or union. */
  lossy: boolean;
  /** Kinds that the running kernel knows. */
  kinds: { enum64: boolean; float: boolean; typeTag: boolean };
}

export const allKinds: ShapeOptions['kinds'] = { enum64: true, float: true, typeTag: true };

const intShape: fc.Arbitrary<IntShape> = fc
  .record({
    size: fc.constantFrom(1, 1, 2, 4, 4, 8, 16, 3, 5),
    part: fc.option(
      fc.record({ bits: fc.integer({ min: 1, max: 128 }), bitOffset: fc.integer({ min: 0, max: 120 }) }),
      {
        freq: 4,
      },
    ),
    encoding: fc.constantFrom<IntShape['encoding']>('unsigned', 'unsigned', 'signed', 'signed', 'char', 'bool'),
    isChar: fc.boolean(),
  })
  .map(({ size, part, encoding, isChar }) => {
    const bitOffset = part === null ? 0 : part.bitOffset % (size * 8);
    const bits = part === null ? size * 8 : Math.max(1, Math.min(part.bits, size * 8 - bitOffset));
    const name = size === 1 && isChar ? 'char' : `${encoding}_${size}_${bits}_${bitOffset}`;
    return { kind: 'int', size, bits, bitOffset, encoding, name };
  });

const enumValues = fc.uniqueArray(
  fc.oneof(fc.integer({ min: -3, max: 8 }), fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 })),
  { maxLength: 5 },
);
const enum64Values = fc.uniqueArray(
  fc.oneof(
    fc.bigInt({ min: -3n, max: 8n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.constantFrom(2n ** 53n, -(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n),
  ),
  { maxLength: 5 },
);

const lengths = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 1, arbitrary: fc.integer({ min: 7, max: 24 }) },
);

function wrappers(options: ShapeOptions): fc.Arbitrary<Wrapper[]> {
  const usual = fc.constantFrom<Wrapper>('typedef', 'const', 'volatile', 'typedef', 'restrict');
  const plain = fc.array(usual, { minLength: 1, maxLength: 4 });
  if (!options.unprintable || !options.kinds.typeTag) return plain;
  const tagged = fc
    .tuple(fc.constant<Wrapper>('type_tag'), fc.array(usual, { maxLength: 2 }))
    .map(([a, b]) => [a, ...b]);
  return fc.oneof({ weight: 24, arbitrary: plain }, { weight: 1, arbitrary: tagged });
}

function leaf(options: ShapeOptions): fc.Arbitrary<Shape> {
  const { kinds, unprintable, lossy } = options;
  const choices: fc.WeightedArbitrary<Shape>[] = [
    { weight: 12, arbitrary: intShape },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('enum' as const),
        size: fc.constantFrom(4, 4, 1, 2, 8),
        // Signed enums came with enum64.
        signed: kinds.enum64 ? fc.boolean() : fc.constant(false),
        values: enumValues,
        named: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), pick: fc.nat(999) }) },
  ];
  if (kinds.enum64) {
    choices.push({
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('enum64' as const),
        signed: fc.boolean(),
        values: enum64Values,
        named: fc.boolean(),
      }),
    });
  }
  if (kinds.float && (unprintable || !lossy)) {
    const size = lossy ? fc.constantFrom(2, 4, 8, 12, 16) : fc.constantFrom(4, 8);
    choices.push({
      weight: unprintable ? 0.3 : 3,
      arbitrary: fc.record({ kind: fc.constant('float' as const), size }),
    });
  }
  return fc.oneof(...whole(choices));
}

/** fast-check wants whole weights. */
function whole<T>(choices: fc.WeightedArbitrary<T>[]): fc.WeightedArbitrary<T>[] {
  return choices.map(({ weight, arbitrary }) => ({ weight: Math.max(1, Math.round(weight * 4)), arbitrary }));
}

function member(of: fc.Arbitrary<Shape>): fc.Arbitrary<MemberShape> {
  return fc.record({
    shape: of,
    gap: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(40) }),
    width: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 128 }) },
    ),
    anonymous: fc.boolean(),
  });
}

/** A struct or union of random members. */
function composite(kind: fc.Arbitrary<'struct' | 'union'>, of: fc.Arbitrary<Shape>, most: number) {
  return fc.record({
    kind,
    members: fc.array(member(of), { maxLength: most, size: 'max' }),
    kindFlag: fc.boolean(),
    tail: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(9) }),
    named: fc.boolean(),
  });
}

/** Types that nest at most `depth` deep. */
export function anyShape(options: ShapeOptions, depth = 3): fc.Arbitrary<Shape> {
  const simple = leaf(options);
  if (depth === 0) return simple;
  const inner = anyShape(options, depth - 1);
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 8, arbitrary: simple },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('array' as const), length: lengths, of: inner }),
    },
    { weight: 3, arbitrary: composite(fc.constantFrom('struct', 'struct', 'union'), inner, 5) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('wrapped' as const), wrappers: wrappers(options), of: inner }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('pointer' as const),
        to: fc.oneof(
          fc.constantFrom('void' as const, 'forward' as const, 'function' as const, 'enclosing' as const),
          simple,
        ),
        wrappers: fc.oneof(fc.constant<Wrapper[]>([]), wrappers({ ...options, unprintable: true })),
      }),
    },
  );
}

/** A struct of many random members: several types in one value. */
export function wideStruct(options: ShapeOptions, most: number): fc.Arbitrary<CompositeShape> {
  return composite(fc.constant('struct'), anyShape(options), most);
}

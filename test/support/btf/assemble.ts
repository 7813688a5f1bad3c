// Shapes → BTF that the kernel accepts, and where in a value each scalar lies. The rules are those of kernel/bpf/btf.c.
import type { BtfMember, BtfSectionVar, NewBtfType } from '../../../src/btf/index.ts';
import { BtfBuilder } from '../../../src/btf/index.ts';
import { Random } from './random.ts';
import type { CompositeShape, IntShape, Shape, Wrapper } from './shapes.ts';

/** One scalar of a value, or one char array. */
export interface Leaf {
  /** Names and indexes that lead to it; members of anonymous structs count as their parent's. */
  path: (string | number)[];
  kind: 'unsigned' | 'signed' | 'char' | 'bool' | 'float' | 'enum' | 'text';
  /** First bit, from the start of the value, and number of bits. Bit-fields begin at their lowest bit. */
  bit: number;
  bits: number;
  /** Name by value, of an enum, and whether its values have signs. */
  names?: ReadonlyMap<bigint, string>;
  signed?: boolean;
  isBitField: boolean;
}

export interface Placed {
  /** Number of the type within `Assembly`, made an id when the BTF is written. */
  type: number;
  /** Bytes. */
  size: number;
  leaves: Leaf[];
}

/** What a type may be where it stands. */
interface Place {
  /** Integers must be whole words. */
  regular: boolean;
  /** The struct around it, for pointers back to it. */
  enclosing: number;
}

const mostBytes = 1024;
const pointerBits = 64;
/** Documented difference: the reference misprints a field that ends with the sixteenth byte it copies. */
export const longestField = 120;

export class Assembly {
  readonly #records: (NewBtfType | undefined)[] = [];
  readonly #used: { placed: Placed; isRegular: boolean }[] = [];
  readonly #ints = new Map<string, number>();
  #names = 0;

  /** Types made so far. */
  get typeCount(): number {
    return this.#records.length;
  }

  place(shape: Shape, place: Place = { regular: false, enclosing: 0 }): Placed {
    const placed = this.#make(shape, place);
    return { ...placed, leaves: placed.leaves.length > 4000 ? placed.leaves.slice(0, 4000) : placed.leaves };
  }

  /** A DATASEC of one variable a shape. */
  placeSection(shapes: readonly Shape[]): Placed {
    const section = this.#reserve();
    let size = 0;
    const leaves: Leaf[] = [];
    const vars: BtfSectionVar[] = [];
    for (const shape of shapes) {
      const placed = this.place(shape);
      // The kernel wants variables of at least a byte.
      if (placed.size === 0) continue;
      const name = this.#name('var');
      const offset = alignUp(size, 8);
      size = offset + placed.size;
      leaves.push(...moved(placed.leaves, offset * 8, [name]));
      const typeId = this.#add({ kind: 'var', name, typeId: placed.type, linkage: this.#names & 1 });
      vars.push({ typeId, offset, size: placed.size });
    }
    this.#records[section - 1] = { kind: 'datasec', name: '.data', size: Math.max(size, 1), vars };
    return { type: section, size: Math.max(size, 1), leaves };
  }

  /** `int`, as array maps want their keys. */
  placeIndex(): Placed {
    const shape: IntShape = {
      kind: 'int',
      size: 4,
      bits: 32,
      bitOffset: 0,
      encoding: 'unsigned',
      name: 'unsigned int',
    };
    return this.place(shape);
  }

  /** Raw BTF with its types in the order of `shuffle` (0: as made), and the id of a placed type in it. */
  finish(shuffle: number): { bytes: Uint8Array; idOf: (placed: Placed) => number } {
    const order = this.#records.map((_, index) => index);
    if (shuffle !== 0) {
      const random = new Random(shuffle);
      for (let i = order.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
    }
    const ids = new Map(order.map((index, position) => [index + 1, position + 1]));
    const idOf = (type: number) => ids.get(type) ?? 0;
    const builder = new BtfBuilder();
    for (const index of order) builder.add(renumbered(this.#records[index]!, idOf));
    return { bytes: builder.finish(), idOf: ({ type }) => idOf(type) };
  }

  #add(record: NewBtfType): number {
    return this.#records.push(record);
  }

  #reserve(): number {
    return this.#records.push(undefined);
  }

  #name(what: string): string {
    return `${what}_${this.#names++}`;
  }

  #make(shape: Shape, place: Place): Placed {
    switch (shape.kind) {
      case 'int':
        return this.#remember(this.#int(place.regular ? regular(shape) : shortened(shape)));
      case 'float': {
        const type = this.#add({ kind: 'float', name: this.#name('float'), size: shape.size });
        const leaf: Leaf = { path: [], kind: 'float', bit: 0, bits: shape.size * 8, isBitField: false };
        return { type, size: shape.size, leaves: [leaf] };
      }
      case 'enum':
        return this.#remember(this.#enum(shape));
      case 'enum64':
        return this.#remember(this.#enum({ ...shape, size: 8 }));
      case 'pointer':
        return this.#remember(this.#pointer(shape, place));
      case 'array':
        return this.#remember(this.#array(shape, place));
      case 'struct':
      case 'union':
        return this.#remember(this.#composite(shape));
      case 'wrapped':
        return this.#wrapped(shape.wrappers, shape.of, place);
      case 'again': {
        const known = this.#used.filter(({ isRegular }) => isRegular || !place.regular);
        const chosen = known[shape.pick % Math.max(1, known.length)];
        return chosen?.placed ?? this.placeIndex();
      }
    }
  }

  #remember(placed: Placed): Placed {
    const record = this.#records[placed.type - 1]!;
    const isRegular = record.kind !== 'int' || (record.bitOffset === 0 && [8, 16, 32, 64, 128].includes(record.bits));
    this.#used.push({ placed, isRegular });
    return placed;
  }

  #int(shape: IntShape): Placed {
    const { size, bits, bitOffset, encoding, name } = shape;
    const key = JSON.stringify(shape);
    let type = this.#ints.get(key);
    if (type === undefined) {
      type = this.#add({
        ...{ kind: 'int', name, size, bits, bitOffset },
        ...{ signed: encoding === 'signed', char: encoding === 'char', bool: encoding === 'bool' },
      });
      this.#ints.set(key, type);
    }
    return { type, size, leaves: [{ path: [], kind: encoding, bit: bitOffset, bits, isBitField: false }] };
  }

  #enum(shape: {
    kind: 'enum' | 'enum64';
    size: number;
    signed: boolean;
    values: readonly (number | bigint)[];
    named: boolean;
  }): Placed {
    const { kind, size, signed } = shape;
    const bits = kind === 'enum' ? 32 : 64;
    const wrap = (value: number | bigint) =>
      signed ? BigInt.asIntN(bits, BigInt(value)) : BigInt.asUintN(bits, BigInt(value));
    const numbers = [...new Set(shape.values.map(wrap))];
    const values = numbers.map((value) => ({
      name: this.#name('VALUE'),
      value: kind === 'enum' ? Number(value) : value,
    }));
    const type = this.#add({ kind, name: shape.named ? this.#name('enum') : '', size, signed, values });
    const names = new Map(values.map(({ name, value }) => [BigInt(value), name]));
    return {
      type,
      size,
      leaves: [{ path: [], kind: 'enum', bit: 0, bits: size * 8, names, signed, isBitField: false }],
    };
  }

  #pointer(shape: Shape & { kind: 'pointer' }, place: Place): Placed {
    let target = 0;
    if (shape.to === 'forward') {
      target = this.#add({ kind: 'fwd', name: this.#name('forward'), isUnion: this.#names % 2 === 0 });
    } else if (shape.to === 'function') {
      const argument = this.placeIndex().type;
      target = this.#add({ kind: 'func_proto', name: '', returnTypeId: 0, params: [{ name: '', typeId: argument }] });
    } else if (shape.to === 'enclosing') {
      target = place.enclosing;
    } else if (shape.to !== 'void') {
      target = this.place(shape.to).type;
    }
    // A function type takes no qualifiers.
    if (shape.to !== 'function') target = this.#wrap(shape.wrappers, target);
    const type = this.#add({ kind: 'ptr', name: '', typeId: target, kindFlag: false });
    return { type, size: 8, leaves: [{ path: [], kind: 'unsigned', bit: 0, bits: pointerBits, isBitField: false }] };
  }

  #array(shape: Shape & { kind: 'array' }, place: Place): Placed {
    const element = this.place(shape.of, { regular: true, enclosing: place.enclosing });
    const length = Math.min(shape.length, Math.floor(mostBytes / Math.max(1, element.size)));
    const indexTypeId = this.placeIndex().type;
    const type = this.#add({ kind: 'array', name: '', elementTypeId: element.type, indexTypeId, length });
    const size = element.size * length;
    const leaves: Leaf[] = this.#isText(element.type)
      ? [{ path: [], kind: 'text', bit: 0, bits: length * 8, isBitField: false }]
      : [];
    for (let i = 0; i < length; i++) leaves.push(...moved(element.leaves, i * element.size * 8, [i]));
    return { type, size, leaves };
  }

  /** Qualified chars make strings, typedefs of char do not. */
  #isText(type: number): boolean {
    let record = this.#records[type - 1];
    while (record !== undefined && ['const', 'volatile', 'restrict', 'type_tag'].includes(record.kind)) {
      record = this.#records[(record as { typeId: number }).typeId - 1];
    }
    return record?.kind === 'int' && record.size === 1 && (record.char || record.name === 'char');
  }

  #wrapped(wrappers: readonly Wrapper[], of: Shape, place: Place): Placed {
    // Type tags come before every other wrapper, or the kernel refuses them.
    let [all, inner] = [[...wrappers], of];
    while (inner.kind === 'wrapped') [all, inner] = [[...all, ...inner.wrappers], inner.of];
    const placed = this.place(inner, place);
    return { ...placed, type: this.#wrap(all, placed.type) };
  }

  #wrap(wrappers: readonly Wrapper[], target: number): number {
    const outermost = [
      ...wrappers.filter((wrapper) => wrapper === 'type_tag'),
      ...wrappers.filter((wrapper) => wrapper !== 'type_tag'),
    ];
    let type = target;
    for (const kind of outermost.reverse()) {
      const name = kind === 'typedef' ? this.#name('type') : kind === 'type_tag' ? 'tag' : '';
      type = this.#add({ kind, name, typeId: type, kindFlag: false });
    }
    return type;
  }

  #composite(shape: CompositeShape): Placed {
    const type = this.#reserve();
    const members: BtfMember[] = [];
    const leaves: Leaf[] = [];
    let [cursor, end] = [0, 0];
    const { kindFlag } = shape;
    const isUnion = shape.kind === 'union';
    for (const wish of shape.members) {
      const placed = this.place(wish.shape, { regular: kindFlag, enclosing: type });
      const scalar = this.#scalarOf(placed.type);
      const bitSize = kindFlag && scalar !== undefined ? Math.min(wish.width, scalar.mostBits) : 0;
      const isLoose = bitSize > 0 || (!kindFlag && scalar?.isInt === true);
      const where = isUnion
        ? 0
        : isLoose
          ? cursor + wish.gap
          : alignUp(cursor + wish.gap, this.#alignment(placed.type));
      const start = bitSize > 0 || isLoose ? backToWord(where, scalar!, isUnion) : where;
      const used = bitSize > 0 ? bitSize : scalar?.isInt === true && !kindFlag ? scalar.lastBit : placed.size * 8;
      if (!isUnion && alignUp(start + used, 8) / 8 > mostBytes * 4) continue;
      const anonymous = wish.anonymous && (wish.shape.kind === 'struct' || wish.shape.kind === 'union');
      const name = anonymous ? '' : this.#name('m');
      members.push({ name, typeId: placed.type, bitOffset: start, bitSize });
      leaves.push(...this.#memberLeaves(placed, { start, bitSize, name }));
      cursor = start + used;
      // With kind_flag the kernel wants room for a whole int behind every enum.
      if (kindFlag && bitSize === 0 && scalar?.isInt === false) end = Math.max(end, start + 32);
      end = Math.max(end, cursor);
    }
    const size = Math.ceil(end / 8) + shape.tail;
    const name = shape.named ? this.#name(shape.kind) : '';
    this.#records[type - 1] = { kind: shape.kind, name, size, kindFlag, members };
    return { type, size, leaves };
  }

  #memberLeaves(placed: Placed, { start, bitSize, name }: { start: number; bitSize: number; name: string }): Leaf[] {
    const path = name === '' ? [] : [name];
    if (bitSize > 0) {
      const [leaf] = placed.leaves;
      return [{ ...leaf!, path, bit: start, bits: bitSize, isBitField: true }];
    }
    const isOdd = start % 8 !== 0 || (placed.leaves.length === 1 && isPartial(this.#resolve(placed.type)));
    return moved(placed.leaves, start, path).map((leaf) => (isOdd ? { ...leaf, isBitField: true } : leaf));
  }

  #resolve(type: number): NewBtfType | undefined {
    let record = this.#records[type - 1];
    while (record !== undefined && ['typedef', 'const', 'volatile', 'restrict', 'type_tag'].includes(record.kind)) {
      record = this.#records[(record as { typeId: number }).typeId - 1];
    }
    return record;
  }

  /** What may be a bit-field: the widest it may be, and the last bit an int of its own uses. */
  #scalarOf(type: number): Scalar | undefined {
    const record = this.#resolve(type);
    if (record?.kind === 'int') {
      return { mostBits: Math.min(record.bits, longestField), lastBit: record.bitOffset + record.bits, isInt: true };
    }
    if (record?.kind === 'enum') return { mostBits: Math.min(32, record.size * 8), lastBit: 0, isInt: false };
    if (record?.kind === 'enum64') return { mostBits: 32, lastBit: 0, isInt: false };
    return undefined;
  }

  /** Bits; only floats need more than a byte. */
  #alignment(type: number): number {
    const record = this.#resolve(type);
    return record?.kind === 'float' ? Math.min(8, record.size) * 8 : 8;
  }
}

interface Scalar {
  mostBits: number;
  lastBit: number;
  isInt: boolean;
}

/** The reference copies 16 bytes at most, so no bit-field may reach into a seventeenth. */
function backToWord(where: number, scalar: Scalar, isUnion: boolean): number {
  if (isUnion) return 0;
  return (where % 8) + Math.max(scalar.mostBits, scalar.lastBit) > 128 ? alignUp(where, 8) : where;
}

function isPartial(record: NewBtfType | undefined): boolean {
  return record?.kind === 'int' && (record.bitOffset !== 0 || record.bits !== record.size * 8);
}

function shortened(shape: IntShape): IntShape {
  if (shape.bits <= longestField || shape.bits === shape.size * 8) return shape;
  return { ...shape, bits: longestField, name: `${shape.name}_shortened` };
}

/** An int without odd bits: as arrays and structs with kind_flag want them. */
function regular(shape: IntShape): IntShape {
  const size = [1, 2, 4, 8, 16].find((candidate) => candidate >= shape.size) ?? 16;
  const bits = [8, 16, 32, 64, 128].find((candidate) => candidate >= shape.bits && candidate <= size * 8) ?? size * 8;
  const name = shape.name === 'char' ? 'char' : `${shape.encoding}_${size}_${bits}`;
  return { ...shape, size, bits, bitOffset: 0, name };
}

function moved(leaves: readonly Leaf[], bit: number, path: readonly (string | number)[]): Leaf[] {
  return leaves.map((leaf) => ({ ...leaf, bit: leaf.bit + bit, path: [...path, ...leaf.path] }));
}

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

function renumbered(record: NewBtfType, idOf: (type: number) => number): NewBtfType {
  switch (record.kind) {
    case 'array':
      return { ...record, elementTypeId: idOf(record.elementTypeId), indexTypeId: idOf(record.indexTypeId) };
    case 'struct':
    case 'union':
      return { ...record, members: record.members.map((member) => ({ ...member, typeId: idOf(member.typeId) })) };
    case 'func_proto':
      return {
        ...record,
        returnTypeId: idOf(record.returnTypeId),
        params: record.params.map((param) => ({ ...param, typeId: idOf(param.typeId) })),
      };
    case 'datasec':
      return { ...record, vars: record.vars.map((variable) => ({ ...variable, typeId: idOf(variable.typeId) })) };
    default:
      return 'typeId' in record ? { ...record, typeId: idOf(record.typeId) } : record;
  }
}

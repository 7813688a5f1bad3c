import { ParseError } from '../errors/index.ts';
import type { Btf } from './parse.ts';
import { isModifier, sizeOf, tryResolve } from './resolve.ts';
import { typeText } from './type-text.ts';
import type { BtfInt, BtfMember } from './types.ts';

/** How the value of a type lies in memory, typedefs and qualifiers resolved. Offsets in bits from the value's start. */
export type ValueLayout =
  | (Word & { readonly kind: 'int'; readonly signed: boolean })
  | (Word & { readonly kind: 'bool' })
  | { readonly kind: 'float'; readonly size: number; readonly text: string }
  | {
      readonly kind: 'enum';
      readonly bits: number;
      readonly signed: boolean;
      readonly names: ReadonlyMap<string, bigint>;
      readonly text: string;
    }
  | {
      readonly kind: 'array';
      readonly length: number;
      readonly stride: number;
      readonly element: ValueLayout;
      /** Elements are plain chars: values are strings where they can be. */
      readonly isText: boolean;
      readonly text: string;
    }
  | {
      readonly kind: 'struct' | 'union';
      readonly size: number;
      readonly fields: readonly FieldLayout[];
      readonly text: string;
    };

/** `size` in bytes; `bits` of them hold the value, from `bitOffset` on: fewer than all in old encodings of bit-fields. */
interface Word {
  readonly size: number;
  readonly bits: number;
  readonly bitOffset: number;
  readonly text: string;
}

/** `name` is empty for an anonymous struct or union, whose members count as the parent's. */
export interface FieldLayout {
  readonly name: string;
  readonly bitOffset: number;
  /** Bits of a bit-field, else 0. */
  readonly bitSize: number;
  readonly layout: ValueLayout;
}

const maxNesting = 200;

/** How values are taken apart: those of more than so many bytes are, where they can be; of either byte order. */
export interface Pieces {
  readonly littleEndian: boolean;
  readonly bytes: number;
}

/** Bytes of a value that are read or written as one text. */
export const pieceBytes = 16 * 1024;

/** Scalars and containers that only a value of a hostile type has: many, and far more a byte than unions explain. */
const smallCount = 2 ** 20;
const countPerByte = 1024;

/**
 * The layout of a type. Throws ParseError for types without values (functions, void, forward declarations, cycles) and
 * for those whose values have endlessly many parts without size.
 */
export function valueLayout(btf: Btf, typeId: number): ValueLayout {
  return new LayoutBuilder(btf).build(typeId, 0);
}

class LayoutBuilder {
  readonly #btf: Btf;
  readonly #known = new Map<number, ValueLayout>();
  readonly #active = new Set<number>();
  /** Scalars and containers in a value of a layout. */
  readonly #counts = new Map<ValueLayout, number>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  build(id: number, depth: number): ValueLayout {
    const type = tryResolve(this.#btf, id);
    if (type === undefined || depth > maxNesting) throw new ParseError('BTF', 0, `type ${id} has no values`);
    const known = this.#known.get(type.id);
    if (known !== undefined) return known;
    if (this.#active.has(type.id)) throw new ParseError('BTF', 0, `type ${type.id} contains itself`);
    this.#active.add(type.id);
    const layout = this.#make(type.id, typeText(this.#btf, id), depth);
    this.#active.delete(type.id);
    this.#known.set(type.id, layout);
    this.#counts.set(layout, this.#countOf(layout));
    if (this.#counts.get(layout)! > Math.max(smallCount, (layoutSize(layout) + 1) * countPerByte)) {
      throw new ParseError('BTF', 0, `values of type ${type.id} have too many parts`);
    }
    return layout;
  }

  #countOf(layout: ValueLayout): number {
    if (layout.kind === 'array') return 1 + layout.length * this.#counts.get(layout.element)!;
    if (layout.kind !== 'struct' && layout.kind !== 'union') return 1;
    return layout.fields.reduce((sum, field) => sum + this.#counts.get(field.layout)!, 1);
  }

  #make(id: number, text: string, depth: number): ValueLayout {
    const type = this.#btf.mustType(id);
    if (
      (type.kind === 'int' || type.kind === 'enum' || type.kind === 'enum64' || type.kind === 'float') &&
      !(type.size >= 1 && type.size <= 16)
    ) {
      throw new ParseError('BTF', 0, `type ${id}: a number of ${type.size} bytes`);
    }
    switch (type.kind) {
      case 'int':
        return type.bool
          ? { kind: 'bool', ...wordOf(type), text }
          : { kind: 'int', ...wordOf(type), signed: type.signed, text };
      case 'ptr': {
        const { pointerSize } = this.#btf;
        return { kind: 'int', size: pointerSize, bits: pointerSize * 8, bitOffset: 0, signed: false, text };
      }
      case 'float':
        return { kind: 'float', size: type.size, text };
      case 'enum':
      case 'enum64': {
        const names = new Map(type.values.map((value) => [value.name, BigInt(value.value)]));
        return { kind: 'enum', bits: type.size * 8, signed: type.signed, names, text };
      }
      case 'array': {
        const element = this.build(type.elementTypeId, depth + 1);
        const stride = sizeOf(this.#btf, type.elementTypeId);
        return { kind: 'array', length: type.length, stride, element, isText: this.#isChar(type.elementTypeId), text };
      }
      case 'struct':
      case 'union': {
        const fields = type.members.map((m) => fieldOf(m, this.build(m.typeId, depth + 1)));
        return { kind: type.kind, size: type.size, fields, text };
      }
      case 'datasec': {
        const fields = type.vars.map((v) => ({
          name: this.#btf.mustType(v.typeId).name,
          bitOffset: v.offset * 8,
          bitSize: 0,
          layout: this.build(v.typeId, depth + 1),
        }));
        return { kind: 'struct', size: type.size, fields, text };
      }
      default:
        throw new ParseError('BTF', 0, `type ${id} (${type.kind}) has no values`);
    }
  }

  #isChar(id: number): boolean {
    let type = this.#btf.typeById(id);
    for (let depth = 0; depth < 32 && type !== undefined && isModifier(type); depth++) {
      type = this.#btf.typeById((type as { typeId: number }).typeId);
    }
    return type?.kind === 'int' && type.size === 1 && (type.char || type.name === 'char');
  }
}

function wordOf({ size, bits, bitOffset }: BtfInt) {
  return { size, bits, bitOffset };
}

/** Before `kind_flag` a bit-field was a member whose own int type says its bits, or that starts within a byte. */
function fieldOf({ name, bitOffset, bitSize }: BtfMember, layout: ValueLayout): FieldLayout {
  const isWord = layout.kind === 'int' || layout.kind === 'bool';
  if (bitSize > 0 || !isWord || ((bitOffset & 7) === 0 && isWhole(layout))) return { name, bitOffset, bitSize, layout };
  return { name, bitOffset: bitOffset + layout.bitOffset, bitSize: layout.bits, layout };
}

/** True where all bits of a word hold its value. */
export function isWhole({ size, bits }: { readonly size: number; readonly bits: number }): boolean {
  return bits === size * 8;
}

/** Bytes of a value. */
export function layoutSize(layout: ValueLayout): number {
  switch (layout.kind) {
    case 'enum':
      return layout.bits / 8;
    case 'array':
      return layout.length * layout.stride;
    default:
      return layout.size;
  }
}

/** Names of members, those of anonymous structs and unions among them, in order. */
export function memberNames(fields: readonly FieldLayout[]): string[] {
  return fields.flatMap(({ name, layout }) => {
    if (name !== '') return [name];
    return layout.kind === 'struct' || layout.kind === 'union' ? memberNames(layout.fields) : [];
  });
}

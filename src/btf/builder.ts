import { ByteWriter, StringTableBuilder } from '../bytes/index.ts';
import { wordsOf, writeBtf } from './header.ts';
import type { BtfMember, BtfParam, BtfSectionVar, BtfType } from './types.ts';
import { kindNames } from './types.ts';

/** As `T`, without its id: each of a union alone. */
export type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

/** A type to add: as the parser gives it, without its id. */
export type NewBtfType = WithoutId<Exclude<BtfType, { kind: 'void' | 'unknown' }>>;

/** Builds raw BTF, type by type. Ids count from 1, or from the end of the base. */
export class BtfBuilder {
  readonly #writer: ByteWriter;
  readonly #strings: StringTableBuilder;
  readonly #littleEndian: boolean;
  #nextId: number;

  /** `base` says how many types and string bytes a split BTF continues. */
  constructor(options: { littleEndian?: boolean; base?: { typeCount: number; stringEnd: number } } = {}) {
    this.#littleEndian = options.littleEndian ?? true;
    this.#writer = new ByteWriter({ littleEndian: this.#littleEndian });
    this.#strings = new StringTableBuilder({ start: options.base?.stringEnd ?? 0 });
    this.#nextId = (options.base?.typeCount ?? 0) + 1;
  }

  /** Adds a type and returns its id. References may be to types added later. */
  add(type: NewBtfType): number {
    const writer = this.#writer;
    const head = (sizeOrType: number, { count = 0, kindFlag = false } = {}) => {
      const kind = kindNames.indexOf(type.kind);
      writer.u32(this.#strings.add(type.name));
      // The layout of struct btf_type, as decode.ts reads it.
      writer.u32(((kindFlag ? 0x80000000 : 0) | (kind << 24) | count) >>> 0).u32(sizeOrType);
    };
    switch (type.kind) {
      case 'int': {
        head(type.size);
        const encoding = (type.signed ? 1 : 0) | (type.char ? 2 : 0) | (type.bool ? 4 : 0);
        // BTF_INT_ENCODING, BTF_INT_OFFSET, BTF_INT_BITS of include/uapi/linux/btf.h.
        writer.u32((encoding << 24) | (type.bitOffset << 16) | type.bits);
        break;
      }
      case 'array':
        head(0);
        writer.u32(type.elementTypeId).u32(type.indexTypeId).u32(type.length);
        break;
      case 'struct':
      case 'union':
        head(type.size, { count: type.members.length, kindFlag: type.kindFlag });
        this.#members(type.members, type);
        break;
      case 'enum':
        head(type.size, { count: type.values.length, kindFlag: type.signed });
        for (const { name, value } of type.values) writer.u32(this.#strings.add(name)).u32(Number(value) >>> 0);
        break;
      case 'enum64':
        head(type.size, { count: type.values.length, kindFlag: type.signed });
        for (const { name, value } of type.values) {
          const bits = BigInt.asUintN(64, BigInt(value));
          writer
            .u32(this.#strings.add(name))
            .u32(Number(bits & 0xffff_ffffn))
            .u32(Number(bits >> 32n));
        }
        break;
      case 'fwd':
        head(0, { kindFlag: type.isUnion });
        break;
      case 'func':
        head(type.typeId, { count: type.linkage });
        break;
      case 'func_proto':
        head(type.returnTypeId, { count: type.params.length });
        for (const param of type.params) this.#param(param);
        break;
      case 'var':
        head(type.typeId);
        writer.u32(type.linkage);
        break;
      case 'datasec':
        head(type.size, { count: type.vars.length });
        for (const variable of type.vars) this.#variable(variable);
        break;
      case 'float':
        head(type.size);
        break;
      case 'decl_tag':
        head(type.typeId, { kindFlag: type.kindFlag });
        writer.i32(type.componentIndex);
        break;
      default:
        head(type.typeId, { kindFlag: type.kindFlag });
    }
    return this.#nextId++;
  }

  #members(members: readonly BtfMember[], { kindFlag }: { kindFlag: boolean }): void {
    for (const { name, typeId, bitSize, bitOffset } of members) {
      // With the kind flag: width in the upper 8 bits, 0 for members that are no bit-fields.
      const where = kindFlag ? ((bitSize << 24) | bitOffset) >>> 0 : bitOffset;
      this.#writer.u32(this.#strings.add(name)).u32(typeId).u32(where);
    }
  }

  #param(param: BtfParam): void {
    this.#writer.u32(this.#strings.add(param.name)).u32(param.typeId);
  }

  #variable(variable: BtfSectionVar): void {
    this.#writer.u32(variable.typeId).u32(variable.offset).u32(variable.size);
  }

  /** The whole blob: header, types, strings. */
  finish(): Uint8Array {
    const littleEndian = this.#littleEndian;
    const words = wordsOf(this.#writer.finish(), littleEndian);
    return writeBtf({ words, strings: this.#strings.finish(), littleEndian });
  }
}

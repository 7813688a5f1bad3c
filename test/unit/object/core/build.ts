import { BtfEdit, Kind } from '../../../../src/btf/index.ts';
import { ByteWriter } from '../../../../src/bytes/index.ts';
import { applyCoreRelocations, type TypeRelocation, type ProgramSpec } from '../../../../src/object/index.ts';

/** A BTF under construction, by C declaration kinds. All return type ids. */
export class Types {
  readonly btf: BtfEdit;

  constructor(options: { littleEndian?: boolean } = {}) {
    const writer = new ByteWriter({ littleEndian: options.littleEndian ?? true });
    writer.u16(0xeb9f).u8(1).u8(0).u32(24).u32(0).u32(0).u32(0).u32(1).u8(0);
    this.btf = new BtfEdit(writer.finish());
  }

  int(name: string, size: number, options: { signed?: boolean; bool?: boolean; offset?: number } = {}): number {
    const encoding = (options.signed ? 1 : 0) | (options.bool ? 4 : 0);
    const word = (encoding << 24) | ((options.offset ?? 0) << 16) | (size * 8);
    return this.btf.addType({ name, kind: Kind.int, sizeOrType: size, tail: [word] });
  }

  pointer(target: number): number {
    return this.btf.addType({ kind: Kind.ptr, sizeOrType: target });
  }

  typedef(name: string, target: number): number {
    return this.btf.addType({ name, kind: Kind.typedef, sizeOrType: target });
  }

  float(name: string, size: number): number {
    return this.btf.addType({ name, kind: Kind.float, sizeOrType: size });
  }

  constant(target: number): number {
    return this.btf.addType({ kind: Kind.const, sizeOrType: target });
  }

  array(element: number, length: number): number {
    return this.btf.addType({ kind: Kind.array, sizeOrType: 0, tail: [element, element, length] });
  }

  forward(name: string): number {
    return this.btf.addType({ name, kind: Kind.fwd, sizeOrType: 0 });
  }

  /** Members are `[name, type, byte offset]`, or with a width `[name, type, bit offset, bits]`. */
  struct(
    name: string,
    size: number,
    members: readonly (readonly [string, number, number] | readonly [string, number, number, number])[],
    kind: number = Kind.struct,
  ): number {
    const isBits = members.some((member) => member.length === 4);
    const words = members.flatMap(([member, type, offset, bits]) => [
      member === '' ? 0 : this.btf.addString(member),
      type,
      isBits ? ((bits ?? 0) << 24) | (bits === undefined ? offset * 8 : offset) : offset * 8,
    ]);
    const id = this.btf.addType({ name, kind, vlen: members.length, sizeOrType: size, tail: words });
    if (isBits) this.btf.setInfo(id, { kind, vlen: members.length, kindFlag: true });
    return id;
  }

  enumeration(name: string, values: Readonly<Record<string, number>>, options: { signed?: boolean } = {}): number {
    const words = Object.entries(values).flatMap(([value, number]) => [this.btf.addString(value), number]);
    const vlen = words.length / 2;
    const id = this.btf.addType({ name, kind: Kind.enum, vlen, sizeOrType: 4, tail: words });
    if (options.signed) this.btf.setInfo(id, { kind: Kind.enum, vlen, kindFlag: true });
    return id;
  }

  enumeration64(name: string, values: Readonly<Record<string, bigint>>): number {
    const words = Object.entries(values).flatMap(([value, number]) => [
      this.btf.addString(value),
      Number(number & 0xffffffffn),
      Number(number >> 32n),
    ]);
    return this.btf.addType({ name, kind: Kind.enum64, vlen: words.length / 3, sizeOrType: 8, tail: words });
  }

  function(result: number, parameters: readonly number[]): number {
    const words = parameters.flatMap((type) => [0, type]);
    return this.btf.addType({ kind: Kind.func_proto, vlen: parameters.length, sizeOrType: result, tail: words });
  }
}

/** `r1 = imm` */
export const moveImmediate = (imm: number) => instruction(0xb7, 0x01, 0, imm);
/** `r1 = *(u32 *)(r2 + offset)`, or another width by opcode. */
export const load = (offset: number, opcode = 0x61) => instruction(opcode, 0x21, offset, 0);
/** `r1 = imm ll` */
export const loadImmediate64 = (imm: bigint) => [
  ...instruction(0x18, 0x01, 0, Number(BigInt.asIntN(32, imm))),
  ...instruction(0, 0, 0, Number(BigInt.asIntN(32, imm >> 32n))),
];
/** What stands in place of an instruction that cannot be relocated. */
export const poisoned = instruction(0x85, 0, 0, 195896080);

export function instruction(opcode: number, registers: number, offset: number, imm: number): number[] {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  bytes[0] = opcode;
  bytes[1] = registers;
  view.setInt16(2, offset, true);
  view.setInt32(4, imm, true);
  return [...bytes];
}

/** Relocates one instruction, the seventh of its section; returns its new bytes and the warnings, also gathered in `warnings`. */
export function relocate(
  local: Types,
  target: Types | readonly Types[],
  relocation: Omit<TypeRelocation, 'index' | 'number'>,
  code: readonly number[],
  warnings: string[] = [],
): { code: number[]; warnings: string[] } {
  const program = {
    name: 'p',
    sectionOffset: 7,
    code: Uint8Array.from(code),
    coreRelocations: [{ index: 0, number: 0, ...relocation }],
  };
  const [main, ...modules] = Array.isArray(target) ? target : [target];
  const codes = applyCoreRelocations({
    btf: local.btf,
    programs: [program as unknown as ProgramSpec],
    targets: { main: main.btf, modules: () => modules.map((module: Types) => module.btf) },
    log: (level, text) => {
      if (level === 'warn') warnings.push(text);
    },
  });
  return { code: [...codes.values().next().value!], warnings };
}

import { UsageError } from '../errors/index.ts';
import { BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, bpf_func_id } from '../uapi/index.ts';
import { type Instruction, loadImm64 } from './decode.ts';

/** What `assemble` takes: whole instructions, jumps to labels, and labels. */
export type Statement =
  | { readonly kind: 'slots'; readonly slots: readonly Instruction[]; readonly symbol?: string }
  | { readonly kind: 'jump'; readonly slot: Instruction; readonly to: string }
  | { readonly kind: 'label'; readonly name: string };

/** Registers of BPF programs: r0 the result, r1 to r5 arguments, r10 the frame pointer. */
export type Register = 'r0' | 'r1' | 'r2' | 'r3' | 'r4' | 'r5' | 'r6' | 'r7' | 'r8' | 'r9' | 'r10';
/** Widths of memory accesses. */
export type Size = keyof typeof sizes;
/** Helper functions by the kernel's name without `bpf_`. */
export type Helper = keyof typeof bpf_func_id extends infer Key
  ? Key extends `BPF_FUNC_${infer Name}`
    ? Name
    : never
  : never;

/** A place in memory: signed bytes from what a register points to. */
export interface Place {
  readonly base: Register;
  readonly offset: number;
}

// Operators are those of the kernel's disassembly.
const arithmetic = {
  '+=': 0x00,
  '-=': 0x10,
  '*=': 0x20,
  '/=': 0x30,
  '|=': 0x40,
  '&=': 0x50,
  '<<=': 0x60,
  '>>=': 0x70,
  '%=': 0x90,
  '^=': 0xa0,
  '=': 0xb0,
  's>>=': 0xc0,
} as const;
const conditions = {
  '==': 0x10,
  '>': 0x20,
  '>=': 0x30,
  '&': 0x40,
  '!=': 0x50,
  's>': 0x60,
  's>=': 0x70,
  '<': 0xa0,
  '<=': 0xb0,
  's<': 0xc0,
  's<=': 0xd0,
} as const;
const sizes = { u32: 0x00, u16: 0x08, u8: 0x10, u64: 0x18 } as const;

const ALU32 = 0x04;
const ALU64 = 0x07;
const JMP = 0x05;
const JMP32 = 0x06;
const LDX_MEM = 0x61;
const ST_MEM = 0x62;
const STX_MEM = 0x63;
const fromRegister = 0x08;

/** `r1 += 8`, `r1 = r2`: 64 bits. Constants are signed 32-bit numbers, extended. */
export function alu(operator: keyof typeof arithmetic, dst: Register, operand: Register | number): Statement {
  return slots(withOperand(of(arithmetic, 'operator', operator) | ALU64, dst, operand));
}

/** As `alu`, of the lower halves; the upper half of `dst` becomes 0. */
export function alu32(operator: keyof typeof arithmetic, dst: Register, operand: Register | number): Statement {
  return slots(withOperand(of(arithmetic, 'operator', operator) | ALU32, dst, operand));
}

/** The place `offset` bytes from where `base` points. */
export function at(base: Register, offset = 0): Place {
  numberOf(base);
  if (!Number.isInteger(offset) || offset < -0x8000 || offset > 0x7fff)
    throw new UsageError(`offset ${offset} does not fit 16 bits`);
  return { base, offset };
}

/** Reads memory; what is shorter than a register is extended with 0. */
export function load(size: Size, dst: Register, from: Place): Statement {
  const { base, offset } = placed(from);
  return slots(slot(LDX_MEM | of(sizes, 'size', size), { dst: numberOf(dst), src: numberOf(base), offset }));
}

/** Writes a register or a constant to memory. */
export function store(size: Size, to: Place, value: Register | number): Statement {
  const { base, offset } = placed(to);
  const place = { dst: numberOf(base), offset };
  if (typeof value === 'number')
    return slots(slot(ST_MEM | of(sizes, 'size', size), { ...place, imm: immediate(value) }));
  return slots(slot(STX_MEM | of(sizes, 'size', size), { ...place, src: numberOf(value) }));
}

/** Adds a register to 8 bytes of memory, atomically. */
export function atomicAdd(to: Place, value: Register): Statement {
  const { base, offset } = placed(to);
  return slots(slot(0xdb, { dst: numberOf(base), src: numberOf(value), offset }));
}

/** A 64-bit constant; takes two slots. */
export function constant(dst: Register, value: bigint): Statement {
  if (typeof value !== 'bigint' || value < -(1n << 63n) || value >= 1n << 64n)
    throw new UsageError(`constant ${value} does not fit 64 bits`);
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return slots(slot(loadImm64, { dst: numberOf(dst), imm: low }), slot(0, { imm: high }));
}

/** The address of a map: of a descriptor, or of what a symbol names once the program is loaded. Takes two slots. */
export function mapAddress(dst: Register, map: number | string): Statement {
  const fd = typeof map === 'string' ? 0 : immediate(map);
  const both = [slot(loadImm64, { dst: numberOf(dst), src: BPF_PSEUDO_MAP_FD, imm: fd }), slot(0, {})];
  return { kind: 'slots', slots: both, ...(typeof map === 'string' ? { symbol: map } : {}) };
}

/** Calls a helper function: arguments in r1 to r5, which are lost, result in r0. */
export function call(helper: Helper): Statement {
  return slots(slot(0x85, { imm: of(bpf_func_id, 'helper', `BPF_FUNC_${helper}`) }));
}

/** Calls a function of the kernel by its type's id in the kernel's BTF, as `call` does. */
export function callKernel(typeId: number): Statement {
  return slots(slot(0x85, { src: BPF_PSEUDO_KFUNC_CALL, imm: immediate(typeId) }));
}

/** Ends the program; r0 is its result. */
export function exit(): Statement {
  return slots(slot(0x95, {}));
}

/** Jumps to a label, forwards or backwards. */
export function goto(to: string): Statement {
  return { kind: 'jump', slot: slot(JMP, {}), to };
}

/** Jumps where a comparison of 64 bits holds. */
export function jump(
  condition: keyof typeof conditions,
  left: Register,
  right: Register | number,
  to: string,
): Statement {
  return { kind: 'jump', slot: withOperand(of(conditions, 'condition', condition) | JMP, left, right), to };
}

/** As `jump`, of the lower halves. */
export function jump32(
  condition: keyof typeof conditions,
  left: Register,
  right: Register | number,
  to: string,
): Statement {
  return { kind: 'jump', slot: withOperand(of(conditions, 'condition', condition) | JMP32, left, right), to };
}

/** The place of the next statement, for jumps. */
export function label(name: string): Statement {
  return { kind: 'label', name };
}

function of<Table extends object>(table: Table, what: string, name: keyof Table & string): number {
  if (Object.hasOwn(table, name)) return Number(table[name]);
  throw new UsageError(`there is no ${what} '${String(name)}'`);
}

/** What `at` made, or looks like it. */
function placed(place: Place): Place {
  return at(place?.base, place?.offset ?? Number.NaN);
}

function withOperand(code: number, dst: Register, operand: Register | number): Instruction {
  if (typeof operand === 'number') return slot(code, { dst: numberOf(dst), imm: immediate(operand) });
  return slot(code | fromRegister, { dst: numberOf(dst), src: numberOf(operand) });
}

function slots(...list: Instruction[]): Statement {
  return { kind: 'slots', slots: list };
}

function slot(code: number, parts: Partial<Instruction>): Instruction {
  return { code, dst: 0, src: 0, offset: 0, imm: 0, ...parts };
}

function numberOf(register: Register): number {
  const number = typeof register === 'string' ? /^r(\d|10)$/.exec(register)?.[1] : undefined;
  if (number === undefined) throw new UsageError(`there is no register '${String(register)}': it is r0 to r10`);
  return Number(number);
}

function immediate(value: number): number {
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0x7fff_ffff)
    throw new UsageError(`constant ${value} does not fit 32 bits`);
  return value;
}

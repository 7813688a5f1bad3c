import { helperName, BPF_PSEUDO_CALL } from '../uapi/index.ts';
import { type Instruction, loadImm64 } from './decode.ts';

/** Names that a program itself does not hold, only the kernel or its object. Undefined results leave the plain form. */
export interface Names {
  /** Text after `call ` (helpers, kernel functions) or `call pc` (own functions). */
  readonly call?: (insn: Instruction) => string | undefined;
  /** Text of a 64-bit constant; `high` is the imm of the second slot. */
  readonly constant?: (insn: Instruction, high: number) => string | undefined;
}

/** By the low three bits of the operation code. */
const classes = ['ld', 'ldx', 'st', 'stx', 'alu', 'jmp', 'jmp32', 'alu64'];
/** By the high four bits of the operation code. */
const alu = ['+=', '-=', '*=', '/=', '|=', '&=', '<<=', '>>=', 'neg', '%=', '^=', '=', 's>>=', 'endian'];
const jumps = ['jmp', '==', '>', '>=', '&', '!=', 's>', 's>=', 'call', 'exit', '<', '<=', 's<', 's<='];
/** By bits 3 and 4: BPF_W, BPF_H, BPF_B, BPF_DW. */
const sizes = ['u32', 'u16', 'u8', 'u64'];
const signedSizes = ['s32', 's16', 's8', 's64'];
/** By the immediate: BPF_ADD, BPF_OR, BPF_AND, BPF_XOR; bit 0 (BPF_FETCH) asks for the old value. */
const atomics: Readonly<Record<number, string>> = { 0: 'add', 64: 'or', 80: 'and', 160: 'xor' };
/** By the offset, which is the number of bits that are extended. */
const movsx: Readonly<Record<number, string>> = { 8: '(s8)', 16: '(s16)', 32: '(s32)' };

const LD = 0;
const LDX = 1;
const ST = 2;
const STX = 3;
const ALU = 4;
const JMP = 5;
const JMP32 = 6;
const ALU64 = 7;

const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`);
const missing = '(null)';

/**
 * The kernel's text of one instruction, e.g. `(b7) r0 = 1`. `next` is the slot after it, for 64-bit constants.
 * Source of the notation: kernel/bpf/disasm.c.
 */
export function disassemble(insn: Instruction, next: Instruction | undefined, names: Names = {}): string {
  const hex = insn.code.toString(16).padStart(2, '0');
  const text = body(insn, next, names, hex);
  return text.startsWith('BUG_') ? text : `(${hex}) ${text}`;
}

function body(insn: Instruction, next: Instruction | undefined, names: Names, hex: string): string {
  const size = sizes[(insn.code >> 3) & 3];
  // 0x20 BPF_ABS, 0x40 BPF_IND, 0x60 BPF_MEM, 0x80 BPF_MEMSX, 0xc0 BPF_ATOMIC.
  const mode = insn.code & 0xe0;
  switch (insn.code & 7) {
    case ALU:
    case ALU64:
      return arithmetic(insn);
    case STX:
      if (mode === 0x60) return `*(${size} *)(r${insn.dst} ${signed(insn.offset)}) = r${insn.src}`;
      if (mode === 0xc0) return atomic(insn, { size: size!, prefix: '' }) ?? `BUG_${hex}`;
      // BPF_PROBE_ATOMIC, since 6.10: what the verifier makes of an atomic on an arena's memory.
      return (mode === 0xe0 ? atomic(insn, { size: size!, prefix: 'probe ' }) : undefined) ?? `BUG_${hex}`;
    case ST:
      if (mode === 0x60) return `*(${size} *)(r${insn.dst} ${signed(insn.offset)}) = ${insn.imm}`;
      return mode === 0xc0 ? 'nospec' : `BUG_st_${hex}`;
    case LDX: {
      if (mode !== 0x60 && mode !== 0x80) return `BUG_ldx_${hex}`;
      const type = mode === 0x60 ? size : (signedSizes[(insn.code >> 3) & 3] ?? missing);
      return `r${insn.dst} = *(${type} *)(r${insn.src} ${signed(insn.offset)})`;
    }
    case LD:
      if (mode === 0x20) return `r0 = *(${size} *)skb[${insn.imm}]`;
      if (mode === 0x40) return `r0 = *(${size} *)skb[r${insn.src} + ${insn.imm}]`;
      if (insn.code === loadImm64) return `r${insn.dst} = ${constant(insn, next, names)}`;
      return `BUG_ld_${hex}`;
    default:
      return jump(insn, names);
  }
}

function constant(insn: Instruction, next: Instruction | undefined, names: Names): string {
  const high = next?.imm ?? 0;
  const value = (BigInt(high >>> 0) << 32n) | BigInt(insn.imm >>> 0);
  return names.constant?.(insn, high) ?? `0x${value.toString(16)}`;
}

function arithmetic(insn: Instruction): string {
  const { code, dst, src, offset, imm } = insn;
  const wide = (code & 7) === ALU64;
  const r = wide ? 'r' : 'w';
  const op = code >> 4;
  // BPF_END: of the 64-bit class it always swaps, of the other one to the named byte order.
  if (op === 0xd) return wide ? `r${dst} = bswap${imm} r${dst}` : `r${dst} = ${code & 8 ? 'be' : 'le'}${imm} r${dst}`;
  if (op === 0x8) return `${r}${dst} = -${r}${dst}`;
  if (code === 0xbf && offset === 1) return `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`;
  if (code === 0xbf && offset === -1) return `r${dst} = &(void __percpu *)(r${src})`;
  // An offset of 1 makes division and remainder signed.
  const sign = (op === 0x3 || op === 0x9) && offset === 1 ? 's' : '';
  const name = `${sign}${alu[op] ?? missing}`;
  if ((code & 8) === 0) return `${r}${dst} ${name} ${imm}`;
  return `${r}${dst} ${name} ${op === 0xb ? (movsx[offset] ?? '') : ''}${r}${src}`;
}

function atomic(insn: Instruction, form: { size: string; prefix: string }): string | undefined {
  const text = atomicText(insn, form.size);
  return text === undefined ? undefined : form.prefix + text;
}

function atomicText(insn: Instruction, size: string): string | undefined {
  const { dst, src, offset, imm } = insn;
  const at = `(${size} *)(r${dst} ${signed(offset)})`;
  const wide = ((insn.code >> 3) & 3) === 3 ? '64' : '';
  const plain = atomics[imm];
  if (plain !== undefined) return `lock *${at} ${alu[imm >> 4]} r${src}`;
  const fetching = atomics[imm & ~1];
  if ((imm & 1) === 1 && fetching !== undefined) return `r${src} = atomic${wide}_fetch_${fetching}(${at}, r${src})`;
  // BPF_CMPXCHG compares with R0, which then has the old value.
  if (imm === 0xf1) return `r0 = atomic${wide}_cmpxchg(${at}, r0, r${src})`;
  if (imm === 0xe1) return `r${src} = atomic${wide}_xchg(${at}, r${src})`;
  if (imm === 0x100) return `r${dst} = load_acquire((${size} *)(r${src} ${signed(offset)}))`;
  if (imm === 0x110) return `store_release(${at}, r${src})`;
  return undefined;
}

function jump(insn: Instruction, names: Names): string {
  const { code, dst, src, offset, imm } = insn;
  if (code >> 4 === 0x8) {
    if (src === BPF_PSEUDO_CALL) return `call pc${names.call?.(insn) ?? signed(imm)}`;
    const helper = src === 0 ? helperName(imm) : undefined;
    return `call ${helper === undefined ? (names.call?.(insn) ?? (src === 2 ? 'kernel-function' : 'unknown')) : `bpf_${helper}`}#${imm}`;
  }
  if (code === 0x05) return `goto pc${signed(offset)}`;
  if (code === 0x0d) return `gotox r${dst}`;
  if (code === 0xe5 && src === 0) return `may_goto pc${signed(offset)}`;
  // JMP32 with BPF_JA has a distance of 32 bits, in the immediate.
  if (code === 0x06) return `gotol pc${signed(imm)}`;
  if (code === 0x95) return 'exit';
  const r = (code & 7) === JMP32 ? 'w' : 'r';
  const right = code & 8 ? `${r}${src}` : `0x${(imm >>> 0).toString(16)}`;
  if ((code & 7) !== JMP && (code & 7) !== JMP32) return classes[code & 7]!;
  return `if ${r}${dst} ${jumps[code >> 4] ?? missing} ${right} goto pc${signed(offset)}`;
}

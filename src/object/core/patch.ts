import { Errno } from '../../errors/index.ts';
import type { Code } from '../code.ts';
import { type DiagnosticLog, failure, ObjectError, tell } from '../failure.ts';
import type { CoreValue } from './value.ts';

/** Number of a helper that does not exist; the verifier names it if the instruction is reached. "bad relo". */
export const badRelocationHelper = 195896080;

/** The low three bits of an opcode are the class, the next two of a load or store its width. */
const classMask = 7;
const sizeMask = 0x18;
/** BPF_W, BPF_H, BPF_B, BPF_DW as widths in bytes. */
const widths: Readonly<Record<number, number>> = { 0: 4, 8: 2, 16: 1, 24: 8 };

/** Where the instruction is, for messages. */
export interface PatchPlace {
  readonly program: string;
  /** Number of the relocation in its section. */
  readonly number: number;
  /** Slot of the instruction. */
  readonly index: number;
}

/** Writes a relocation's value into its instruction. ObjectError, after libbpf's warning, if they do not fit. */
export function patchInstruction(code: Code, place: PatchPlace, value: CoreValue, log: DiagnosticLog): void {
  const { index } = place;
  const insn = `prog '${place.program}': relo #${place.number}:`;
  if (value.poison) {
    poison(code, index, { insn, log });
    return;
  }
  const bad = (errno: number, text: string) => failure(log, errno, `${insn} ${text}`);
  const { original, replacement } = value;
  const expected = `exp ${original} -> ${replacement}`;
  const opcode = code.opcode(index);
  const patched = (form: string, text: string) => tell(log, () => `${insn} patched insn #${index} (${form}) ${text}`);
  switch (opcode & classMask) {
    // BPF_ALU and BPF_ALU64: the value is the immediate.
    case 4:
    case 7:
      if (opcode & 8) throw new ObjectError(`insn #${index} takes a register`, Errno.EINVAL);
      if (value.validate && BigInt.asUintN(64, BigInt(code.immediate(index))) !== original) {
        throw bad(
          Errno.EINVAL,
          `unexpected insn #${index} (ALU/ALU64) value: got ${code.immediate(index)}, ${expected}`,
        );
      }
      patched('ALU/ALU64', `imm ${BigInt.asUintN(64, BigInt(code.immediate(index)))} -> ${replacement}`);
      code.setImmediate(index, Number(BigInt.asIntN(32, replacement)));
      return;
    // BPF_LDX, BPF_ST and BPF_STX: the value is the 16-bit offset, which is signed.
    case 1:
    case 2:
    case 3:
      if (value.validate && BigInt.asUintN(64, BigInt(code.offset(index))) !== original) {
        throw bad(Errno.EINVAL, `unexpected insn #${index} (LDX/ST/STX) value: got ${code.offset(index)}, ${expected}`);
      }
      if (replacement > 32767n) throw bad(Errno.ERANGE, `insn #${index} (LDX/ST/STX) value too big: ${replacement}`);
      if (value.badSize) {
        const hint = 'Make sure you are accessing pointers, unsigned integers, or fields of matching type and size.';
        log('warn', `${insn} insn #${index} (LDX/ST/STX) accesses field incorrectly. ${hint}`);
        poison(code, index, { insn, log });
        return;
      }
      patched('LDX/ST/STX', `off ${BigInt.asUintN(64, BigInt(code.offset(index)))} -> ${replacement}`);
      code.setOffset(index, Number(replacement));
      if (value.replacementSize !== value.originalSize) {
        resize(code, { index, value, bad });
        patched('LDX/ST/STX', `mem_sz ${value.originalSize} -> ${value.replacementSize}`);
      }
      return;
    // BPF_LD: only the 64-bit immediate load, whose two slots hold 32 bits each and no pseudo source register.
    case 0: {
      const plain =
        code.isLoadImmediate64(index) &&
        code.source(index) === 0 &&
        code.offset(index) === 0 &&
        index + 1 < code.count &&
        code.opcode(index + 1) === 0 &&
        code.source(index + 1) === 0 &&
        code.destination(index + 1) === 0 &&
        code.offset(index + 1) === 0;
      if (!plain) throw bad(Errno.EINVAL, `insn #${index} (LDIMM64) has unexpected form`);
      const held = BigInt(code.immediate(index) >>> 0) | (BigInt(code.immediate(index + 1) >>> 0) << 32n);
      if (value.validate && held !== original) {
        throw bad(Errno.EINVAL, `unexpected insn #${index} (LDIMM64) value: got ${held}, ${expected}`);
      }
      patched('LDIMM64', `imm64 ${held} -> ${replacement}`);
      code.setImmediate(index, Number(replacement & 0xffffffffn));
      code.setImmediate(index + 1, Number(replacement >> 32n));
      return;
    }
    default: {
      const hex = (number: number) => `0x${(number >>> 0).toString(16)}`;
      const parts = [
        `code:${hex(opcode)}`,
        `src:${hex(code.source(index))}`,
        `dst:${hex(code.destination(index))}`,
        `off:${hex(code.offset(index))}`,
        `imm:${hex(code.immediate(index))}`,
      ];
      throw bad(Errno.EINVAL, `trying to relocate unrecognized insn #${index}, ${parts.join(', ')}`);
    }
  }
}

/** Replaces all slots of the instruction, so that the verifier refuses it only if it can be reached. */
function poison(code: Code, index: number, { insn, log }: { insn: string; log: DiagnosticLog }): void {
  const substitute = (at: number) => {
    tell(log, () => `${insn} substituting insn #${at} w/ invalid insn`);
    code.poison(at, badRelocationHelper);
  };
  const isWide = code.isLoadImmediate64(index) && index + 1 < code.count;
  substitute(index);
  if (isWide) substitute(index + 1);
}

/** Changes the width of a load or store to that of the target's field; only 1, 2, 4 and 8 bytes have an opcode. */
function resize(
  code: Code,
  change: { index: number; value: CoreValue; bad: (errno: number, text: string) => Error },
): void {
  const { index, value, bad } = change;
  const opcode = code.opcode(index);
  const width = widths[opcode & sizeMask]!;
  if (width !== value.originalSize) {
    throw bad(Errno.EINVAL, `insn #${index} (LDX/ST/STX) unexpected mem size: got ${width}, exp ${value.originalSize}`);
  }
  const size = Object.keys(widths).find((bits) => widths[Number(bits)] === value.replacementSize);
  if (size === undefined) {
    throw bad(Errno.EINVAL, `insn #${index} (LDX/ST/STX) invalid new mem size: ${value.replacementSize}`);
  }
  code.setOpcode(index, (opcode & ~sizeMask) | Number(size));
}

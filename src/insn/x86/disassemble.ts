import { type Decoded, oneByte } from './one-byte.ts';
import { InstructionReader } from './reader.ts';
import { twoByte } from './two-byte.ts';
import { vex } from './vex.ts';

/** One machine instruction: its size in bytes and its text, a tab between mnemonic and operands. */
export interface MachineInstruction {
  readonly length: number;
  readonly text: string;
}

const lock = 0xf0;

/**
 * The instruction at `code[start]`, which lies at `address`, in AT&T syntax as LLVM prints it: numbers are decimal,
 * branch targets absolute and hexadecimal, a `lock` prefix an instruction of its own. Knows the instructions for whole
 * numbers of x86-64, which hold all that the kernel's compiler emits; any other byte becomes `.byte` of length 1.
 */
export function disassembleX86(code: Uint8Array, start: number, address: bigint): MachineInstruction {
  if (code[start] === lock) return { length: 1, text: 'lock' };
  const read = new InstructionReader(code, start, address);
  const decoded = decode(read);
  if (decoded === undefined || read.short) {
    return { length: 1, text: `.byte\t0x${code[start]!.toString(16).padStart(2, '0')}` };
  }
  const [mnemonic, operands] = decoded;
  return { length: read.length, text: operands === undefined ? mnemonic : `${mnemonic}\t${operands}` };
}

function decode(read: InstructionReader): Decoded {
  const opcode = read.prefixes();
  if (read.narrow && read.wide) return undefined;
  if (opcode === 0x0f) return twoByte(read);
  if (opcode === 0xc4) return vex(read);
  return read.repeat === 0 || (opcode === 0x90 && read.repeat === 0xf3) ? oneByte(read, opcode) : undefined;
}

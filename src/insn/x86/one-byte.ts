// Source: Intel's manual, volume 2, appendix A (opcode map) and the pages of the instructions. The text is that of
// LLVM's AT&T syntax: sources before the destination, the size of operands at the end of the mnemonic.
import type { InstructionReader } from './reader.ts';
import type { Size } from './registers.ts';

/** Mnemonic and operands; undefined where the code is none of the instructions known here. */
export type Decoded = readonly [mnemonic: string, operands?: string] | undefined;

/** By bits 3 to 5 of the operation code, or by the extension after 80, 81 and 83. */
const arithmetic = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'];
/** By the extension; 6 is not in use. */
const shifts = ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', undefined, 'sar'];

/** The instructions whose operation code is one byte. */
export function oneByte(read: InstructionReader, opcode: number): Decoded {
  // For most instructions the lowest bit says whether operands are bytes.
  const byteOrFull: Size = (opcode & 1) === 0 ? 'b' : read.size;
  // Forms 6 and 7 are prefixes, or push and pop of segment registers, which 64-bit mode does not have.
  if (opcode < 0x40) {
    return (opcode & 7) < 6 ? arithmeticForm(read, arithmetic[opcode >> 3]!, opcode & 7) : undefined;
  }
  if (opcode >= 0x50 && opcode < 0x60) {
    // In 64-bit mode these take 64 bits without REX.W.
    const size = read.narrow ? 'w' : 'q';
    return [`${opcode < 0x58 ? 'push' : 'pop'}${size}`, read.lowRegister(opcode, size)];
  }
  if (opcode >= 0x70 && opcode < 0x80) return [`j${read.condition(opcode)}`, read.target(1)];
  if (opcode >= 0x91 && opcode < 0x98) {
    const { size } = read;
    return [`xchg${size}`, `${read.lowRegister(opcode, size)}, ${accumulator(size)}`];
  }
  if (opcode >= 0xb0 && opcode < 0xb8) return ['movb', `${read.immediate('b')}, ${read.lowRegister(opcode, 'b')}`];
  if (opcode >= 0xb8 && opcode < 0xc0) {
    const { size } = read;
    const value = size === 'q' ? `$${read.signed(8)}` : read.immediate(size);
    return [size === 'q' ? 'movabsq' : `mov${size}`, `${value}, ${read.lowRegister(opcode, size)}`];
  }
  switch (opcode) {
    // MOVSXD; without REX.W it extends nothing.
    case 0x63:
      if (!read.wide) return undefined;
      read.modrm();
      return ['movslq', `${read.rm('l')}, ${read.reg('q')}`];
    case 0x68:
      return read.narrow ? undefined : ['pushq', `$${read.signed(4)}`];
    case 0x6a:
      return read.narrow ? undefined : ['pushq', `$${read.signed(1)}`];
    case 0x69:
    case 0x6b: {
      const { size } = read.modrm();
      const value = opcode === 0x69 ? read.immediate(size) : read.immediate('b');
      return [`imul${size}`, `${value}, ${read.rm(size)}, ${read.reg(size)}`];
    }
    // 83 has one byte, which is extended with its sign.
    case 0x80:
    case 0x81:
    case 0x83: {
      read.modrm();
      const value = read.immediate(opcode === 0x83 ? 'b' : byteOrFull);
      return [`${arithmetic[read.extension]}${byteOrFull}`, `${value}, ${read.rm(byteOrFull)}`];
    }
    case 0x84:
    case 0x85:
      return store(read, 'test', byteOrFull);
    // LLVM names the register first where the other operand is memory.
    case 0x86:
    case 0x87:
      read.modrm();
      return read.isMemory
        ? [`xchg${byteOrFull}`, `${read.reg(byteOrFull)}, ${read.rm(byteOrFull)}`]
        : [`xchg${byteOrFull}`, `${read.rm(byteOrFull)}, ${read.reg(byteOrFull)}`];
    case 0x88:
    case 0x89:
      return store(read, 'mov', byteOrFull);
    case 0x8a:
    case 0x8b:
      return load(read, 'mov', byteOrFull);
    case 0x8d:
      return read.modrm().isMemory ? [`lea${read.size}`, `${read.rm('q')}, ${read.reg(read.size)}`] : undefined;
    case 0x8f:
      return read.modrm().extension === 0 && !read.narrow ? ['popq', read.rm('q')] : undefined;
    case 0x90:
      return plainNop(read);
    case 0x98:
      return [{ w: 'cbtw', l: 'cwtl', q: 'cltq' }[read.size]];
    case 0x99:
      return [{ w: 'cwtd', l: 'cltd', q: 'cqto' }[read.size]];
    case 0xa8:
    case 0xa9:
      return [`test${byteOrFull}`, `${read.immediate(byteOrFull)}, ${accumulator(byteOrFull)}`];
    case 0xc0:
    case 0xc1:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return shift(read, opcode, byteOrFull);
    // With a prefix 66 processors of Intel and AMD differ about jumps and returns, so that none is shown.
    case 0xc3:
      return read.narrow ? undefined : ['retq'];
    case 0xc6:
    case 0xc7:
      read.modrm();
      return read.extension === 0
        ? [`mov${byteOrFull}`, `${read.immediate(byteOrFull)}, ${read.rm(byteOrFull)}`]
        : undefined;
    case 0xc9:
      return ['leave'];
    case 0xcc:
      return ['int3'];
    case 0xe8:
      return read.narrow ? undefined : ['callq', read.target(4)];
    case 0xe9:
      return read.narrow ? undefined : ['jmp', read.target(4)];
    case 0xeb:
      return ['jmp', read.target(1)];
    case 0xf4:
      return ['hlt'];
    case 0xf6:
    case 0xf7:
      return unary(read, byteOrFull);
    case 0xfe:
    case 0xff:
      return increments(read, opcode, byteOrFull);
    default:
      return undefined;
  }
}

/** `mnemonic register, place` */
export function store(read: InstructionReader, name: string, size: Size): Decoded {
  read.modrm();
  return [`${name}${size}`, `${read.reg(size)}, ${read.rm(size)}`];
}

/** `mnemonic place, register` */
export function load(read: InstructionReader, name: string, size: Size): Decoded {
  read.modrm();
  return [`${name}${size}`, `${read.rm(size)}, ${read.reg(size)}`];
}

function accumulator(size: Size): string {
  return { b: '%al', w: '%ax', l: '%eax', q: '%rax' }[size];
}

/** Bit 0 of the form: byte or full operands; bit 1: from register or to register; 4 and 5 take an immediate. */
function arithmeticForm(read: InstructionReader, name: string, form: number): Decoded {
  const size: Size = (form & 1) === 0 ? 'b' : read.size;
  if (form < 2) return store(read, name, size);
  if (form < 4) return load(read, name, size);
  return [`${name}${size}`, `${read.immediate(size)}, ${accumulator(size)}`];
}

/** 90 is `xchg %rax, %rax` and does nothing; with REX.B the register is another one. F3 makes it PAUSE. */
function plainNop(read: InstructionReader): Decoded {
  if (read.repeat !== 0) return read.narrow || read.rex !== 0 ? undefined : ['pause'];
  if ((read.rex & 1) === 0) return ['nop'];
  return [`xchg${read.size}`, `${read.lowRegister(0x90, read.size)}, ${accumulator(read.size)}`];
}

function shift(read: InstructionReader, opcode: number, size: Size): Decoded {
  read.modrm();
  const name = shifts[read.extension];
  if (name === undefined) return undefined;
  // C0 and C1 have the count as a byte, D0 and D1 shift by one, D2 and D3 by CL.
  const by = opcode < 0xd0 ? `$${read.unsigned(1)}, ` : opcode < 0xd2 ? '' : '%cl, ';
  return [`${name}${size}`, `${by}${read.rm(size)}`];
}

/** F6 and F7: the extension selects the operation. */
function unary(read: InstructionReader, size: Size): Decoded {
  read.modrm();
  if (read.extension === 0) return [`test${size}`, `${read.immediate(size)}, ${read.rm(size)}`];
  const name = [undefined, undefined, 'not', 'neg', 'mul', 'imul', 'div', 'idiv'][read.extension];
  return name === undefined ? undefined : [`${name}${size}`, read.rm(size)];
}

/** FE and FF: calls, jumps and pushes are among the extensions of FF only. */
function increments(read: InstructionReader, opcode: number, size: Size): Decoded {
  read.modrm();
  if (read.extension < 2) return [`${read.extension === 0 ? 'inc' : 'dec'}${size}`, read.rm(size)];
  if (opcode !== 0xff || read.narrow) return undefined;
  if (read.extension === 2) return ['callq', `*${read.rm('q')}`];
  if (read.extension === 4) return ['jmpq', `*${read.rm('q')}`];
  return read.extension === 6 ? ['pushq', read.rm('q')] : undefined;
}

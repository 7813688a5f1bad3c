// As ./one-byte.ts, for the map 0F. Of it the kernel's JIT and trampolines use a small part, which is what is here.
import { type Decoded, load, store } from './one-byte.ts';
import type { InstructionReader } from './reader.ts';

/** Those that the prefix F3 turns into others. */
const repeated = [0x1e, 0xb8, 0xbc, 0xbd];
/** By bits 3 and 4 of A3 to BB, or by the extension of BA from 4 on. */
const bitTests = ['bt', 'bts', 'btr', 'btc'];

/** The instructions whose operation code is 0F and another byte. */
export function twoByte(read: InstructionReader): Decoded {
  const opcode = read.byte();
  const { size } = read;
  // With F2 or F3 the other codes are no instructions that are known here.
  if (read.repeat !== 0 && !(read.repeat === 0xf3 && repeated.includes(opcode))) return undefined;
  if (opcode >= 0x40 && opcode < 0x50) return load(read, `cmov${read.condition(opcode)}`, size);
  if (opcode >= 0x80 && opcode < 0x90) return read.narrow ? undefined : [`j${read.condition(opcode)}`, read.target(4)];
  if (opcode >= 0x90 && opcode < 0xa0) return [`set${read.condition(opcode)}`, read.modrm().rm('b')];
  if (opcode >= 0xc8 && opcode < 0xd0) return [`bswap${size}`, read.lowRegister(opcode, size)];
  switch (opcode) {
    case 0x0b:
      return ['ud2'];
    case 0x18:
      return prefetch(read);
    case 0x1e:
      // ENDBR64 is F3 0F 1E FA, at every place that indirect jumps of a kernel with IBT lead to.
      return read.repeat === 0xf3 && read.byte() === 0xfa ? ['endbr64'] : undefined;
    case 0x1f:
      return read.modrm().extension === 0 ? [`nop${size}`, read.rm(size)] : undefined;
    case 0x31:
      return ['rdtsc'];
    // The map 0F 38, of which only MOVBE is known.
    case 0x38:
      return moveSwapped(read);
    case 0xa2:
      return ['cpuid'];
    case 0xa3:
    case 0xab:
    case 0xb3:
    case 0xbb:
      return store(read, bitTests[(opcode >> 3) & 3]!, size);
    case 0xa4:
    case 0xa5:
    case 0xac:
    case 0xad:
      return doubleShift(read, opcode);
    case 0xae:
      return fence(read);
    case 0xaf:
      return load(read, 'imul', size);
    case 0xb0:
    case 0xb1:
      return store(read, 'cmpxchg', opcode === 0xb0 ? 'b' : size);
    case 0xc0:
    case 0xc1:
      return store(read, 'xadd', opcode === 0xc0 ? 'b' : size);
    case 0xb6:
    case 0xb7:
    case 0xbe:
    case 0xbf:
      return extend(read, opcode);
    case 0xb8:
      return read.repeat === 0xf3 ? load(read, 'popcnt', size) : undefined;
    case 0xba: {
      read.modrm();
      const name = bitTests[read.extension - 4];
      return name === undefined ? undefined : [`${name}${size}`, `$${read.unsigned(1)}, ${read.rm(size)}`];
    }
    case 0xbc:
      return load(read, read.repeat === 0xf3 ? 'tzcnt' : 'bsf', size);
    case 0xbd:
      return load(read, read.repeat === 0xf3 ? 'lzcnt' : 'bsr', size);
    case 0xc7:
      return read.modrm().extension === 1 && read.isMemory && !read.narrow
        ? [read.wide ? 'cmpxchg16b' : 'cmpxchg8b', read.rm('q')]
        : undefined;
    default:
      return undefined;
  }
}

function prefetch(read: InstructionReader): Decoded {
  const name = ['prefetchnta', 'prefetcht0', 'prefetcht1', 'prefetcht2'][read.modrm().extension];
  return name !== undefined && read.isMemory ? [name, read.rm('q')] : undefined;
}

/** MOVBE: a move that turns the byte order around. */
function moveSwapped(read: InstructionReader): Decoded {
  const opcode = read.byte();
  if (opcode !== 0xf0 && opcode !== 0xf1) return undefined;
  const decoded = opcode === 0xf0 ? load(read, 'movbe', read.size) : store(read, 'movbe', read.size);
  return read.isMemory ? decoded : undefined;
}

function doubleShift(read: InstructionReader, opcode: number): Decoded {
  const { size } = read.modrm();
  const by = (opcode & 1) === 0 ? `$${read.unsigned(1)}` : '%cl';
  return [`${opcode < 0xa8 ? 'shld' : 'shrd'}${size}`, `${by}, ${read.reg(size)}, ${read.rm(size)}`];
}

/** 0F AE with a register operand: the byte after it is one of three. */
function fence(read: InstructionReader): Decoded {
  const modrm = read.byte();
  if (read.narrow) return undefined;
  if (modrm === 0xe8) return ['lfence'];
  if (modrm === 0xf0) return ['mfence'];
  return modrm === 0xf8 ? ['sfence'] : undefined;
}

function extend(read: InstructionReader, opcode: number): Decoded {
  const from = (opcode & 1) === 0 ? 'b' : 'w';
  const { size } = read.modrm();
  if (from === size) return undefined;
  return [`${opcode < 0xb8 ? 'movz' : 'movs'}${from}${size}`, `${read.rm(from)}, ${read.reg(size)}`];
}

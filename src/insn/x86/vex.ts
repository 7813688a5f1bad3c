import type { Decoded } from './one-byte.ts';
import type { InstructionReader } from './reader.ts';
import { registerName } from './registers.ts';

/** Shifts by a register that leave the flags alone, by the prefix that VEX holds. */
const shifts = [undefined, 'shlx', 'sarx', 'shrx'];

/** The BMI2 shifts: C4, two bytes of VEX, F7, ModRM. */
export function vex(read: InstructionReader): Decoded {
  const first = read.byte();
  const second = read.byte();
  const wide = (second & 0x80) !== 0;
  const name = shifts[second & 3];
  const mapOf0f38 = (first & 0x1f) === 2;
  const long = (second & 4) !== 0;
  if (read.byte() !== 0xf7 || !mapOf0f38 || long || name === undefined || read.rex !== 0 || read.narrow) {
    return undefined;
  }
  // VEX holds the bits of REX inverted.
  read.rex = 0x40 | (wide ? 8 : 0) | ((~first & 0xe0) >> 5);
  const size = wide ? 'q' : 'l';
  read.modrm();
  const by = registerName((~second >> 3) & 15, size);
  return [`${name}${size}`, `${by}, ${read.rm(size)}, ${read.reg(size)}`];
}

import { UsageError } from '../errors/index.ts';
import { type Instruction, instructionSize } from './decode.ts';

/** The slots as bytes, the lowest of each number first: what `decodeInstructions` reads. */
export function encodeInstructions(instructions: readonly Instruction[]): Uint8Array {
  if (!Array.isArray(instructions)) throw new UsageError('encode: give a list of instructions');
  const bytes = new Uint8Array(instructions.length * instructionSize);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, dst, src, offset, imm }] of (instructions as readonly Instruction[]).entries()) {
    const at = index * instructionSize;
    bytes[at] = code;
    bytes[at + 1] = dst | (src << 4);
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, imm, true);
  }
  return bytes;
}

/** One 8-byte instruction slot. `imm` and `offset` are signed. */
export interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly imm: number;
}

export const instructionSize = 8;
/** Code of the 16-byte load of a 64-bit constant; its second slot carries the high half. */
export const loadImm64 = 0x18;

/** Decodes whole slots, in little-endian order. Bytes beyond the last whole slot are ignored. */
export function decodeInstructions(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list = new Array<Instruction>(Math.floor(bytes.length / instructionSize));
  for (let i = 0; i < list.length; i++) {
    const at = i * instructionSize;
    const registers = bytes[at + 1]!;
    list[i] = {
      code: bytes[at]!,
      dst: registers & 0xf,
      src: registers >> 4,
      offset: view.getInt16(at + 2, true),
      imm: view.getInt32(at + 4, true),
    };
  }
  return list;
}

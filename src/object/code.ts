/** Opcodes the loader looks for. */
export const Opcode = {
  /** 64-bit immediate load, two slots. */
  LD_IMM64: 0x18,
  CALL: 0x85,
  LDX_MEM: 0x61,
} as const;

/** Meanings of the source register of a 64-bit immediate load or a call (`BPF_PSEUDO_*`). */
export const Pseudo = {
  /** The immediate is a descriptor; with MAP_VALUE the second slot has an offset in the value of its element 0. */
  MAP_FD: 1,
  MAP_VALUE: 2,
  /** A variable of the kernel, by its id in BTF. */
  BTF_ID: 3,
  /** The address of a subprogram, for helpers that call back. */
  FUNC: 4,
  /** As MAP_FD and MAP_VALUE, but the immediate is an index in `fd_array` (Linux 5.14). */
  MAP_IDX: 5,
  MAP_IDX_VALUE: 6,
  /** Of calls: to a subprogram, by the distance in slots. */
  CALL: 1,
  /** To a function of the kernel, by its id in BTF; the offset says in which BTF (Linux 5.13). */
  KFUNC_CALL: 2,
} as const;

/** Bytes of `struct bpf_insn`. */
export const instructionSize = 8;

/** Instructions of one program, little-endian, edited in place and grown at the end. Indexes count 8-byte slots. */
export class Code {
  #bytes: Uint8Array;
  #view: DataView;

  /** Copies `bytes`, whose length is a multiple of 8. */
  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get count(): number {
    return this.#bytes.length / instructionSize;
  }

  opcode(index: number): number {
    return this.#view.getUint8(index * 8);
  }

  destination(index: number): number {
    return this.#view.getUint8(index * 8 + 1) & 15;
  }

  source(index: number): number {
    return this.#view.getUint8(index * 8 + 1) >> 4;
  }

  /** Signed: jumps count slots from the next instruction, loads and stores bytes from the register. */
  offset(index: number): number {
    return this.#view.getInt16(index * 8 + 2, true);
  }

  /** The low 32 bits of a constant, as a signed number. */
  immediate(index: number): number {
    return this.#view.getInt32(index * 8 + 4, true);
  }

  setOpcode(index: number, opcode: number): void {
    this.#view.setUint8(index * 8, opcode);
  }

  setRegisters(index: number, registers: { destination: number; source: number }): void {
    this.#view.setUint8(index * 8 + 1, registers.destination | (registers.source << 4));
  }

  setSource(index: number, source: number): void {
    this.setRegisters(index, { destination: this.destination(index), source });
  }

  setOffset(index: number, offset: number): void {
    this.#view.setInt16(index * 8 + 2, offset, true);
  }

  /** Takes the low 32 bits. */
  setImmediate(index: number, immediate: number): void {
    this.#view.setInt32(index * 8 + 4, immediate | 0, true);
  }

  /** Replaces a whole slot by a call of a helper that does not exist, for the verifier to name should it be reached. */
  poison(index: number, helper: number): void {
    this.setOpcode(index, Opcode.CALL);
    this.setRegisters(index, { destination: 0, source: 0 });
    this.setOffset(index, 0);
    this.setImmediate(index, helper);
  }

  append(other: Uint8Array): void {
    const bytes = new Uint8Array(this.#bytes.length + other.length);
    bytes.set(this.#bytes);
    bytes.set(other, this.#bytes.length);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  isCall(index: number): boolean {
    return this.opcode(index) === Opcode.CALL;
  }

  isLoadImmediate64(index: number): boolean {
    return this.opcode(index) === Opcode.LD_IMM64;
  }

  /** Calculates with an immediate. */
  isArithmetic(index: number): boolean {
    const opcode = this.opcode(index);
    return ((opcode & 7) === 4 || (opcode & 7) === 7) && (opcode & 8) === 0;
  }

  /** The fields that a call does not use must be 0, or it is none that compilers emit. */
  isSubprogramCall(index: number): boolean {
    return (
      this.isCall(index) &&
      this.source(index) === Pseudo.CALL &&
      this.destination(index) === 0 &&
      this.offset(index) === 0
    );
  }

  isFunctionAddress(index: number): boolean {
    return this.isLoadImmediate64(index) && this.source(index) === Pseudo.FUNC;
  }

  isHelperCall(index: number): boolean {
    return this.isCall(index) && this.source(index) === 0 && this.destination(index) === 0;
  }
}

/** Instructions of a big-endian object as little-endian ones: registers and numbers change their order. */
export function swapInstructions(bytes: Uint8Array): Uint8Array {
  const swapped = Uint8Array.from(bytes);
  for (let at = 0; at + 8 <= swapped.length; at += 8) {
    const registers = swapped[at + 1]!;
    swapped[at + 1] = ((registers & 15) << 4) | (registers >> 4);
    swapped.subarray(at + 2, at + 4).reverse();
    swapped.subarray(at + 4, at + 8).reverse();
  }
  return swapped;
}

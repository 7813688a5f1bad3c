import { Errno } from '../../errors/index.ts';
import { ByteWriter } from '../../bytes/index.ts';
import { ObjectError, Pseudo } from '../../object/index.ts';
import { bpf_func_id } from '../../uapi/index.ts';
import { type Attribute, Blob } from './blob.ts';

/** Registers by their use in the loader; the lower ones are scratch and arguments. */
export const Register = {
  /** The context, `struct bpf_loader_ctx`. */
  CONTEXT: 6,
  /** Result of the last bpf(2). */
  RESULT: 7,
  /** The instruction that is being relocated. */
  INSTRUCTION: 8,
  SPARE: 9,
  STACK: 10,
} as const;

/** Jumps by condition; all compare with an immediate. */
export const Jump = { always: 0x05, equal: 0x15, set: 0x45, notEqual: 0x55, atLeast: 0x75, below: 0xc5, atMost: 0xd5 };

export type Width = 1 | 2 | 4 | 8;

const widthBits: Readonly<Record<Width, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

interface Place {
  readonly register: number;
  readonly offset: number;
}

/**
 * Writes the loader's instructions, in little-endian order. The blob is element 0 of the only map the loader knows.
 * Source of every sequence: libbpf, gen_loader.c.
 */
export class Emitter {
  readonly blob: Blob;
  readonly #code = new ByteWriter({ capacity: 4096 });
  #cleanup = 0;

  constructor(littleEndian: boolean) {
    this.blob = new Blob(littleEndian);
  }

  /** Number of slots written. */
  get count(): number {
    return this.#code.length / 8;
  }

  /** Where failed calls jump to begins here. */
  markCleanup(): void {
    this.#cleanup = this.count;
  }

  finish(): Uint8Array {
    return this.#code.finish();
  }

  move(to: number, from: number): void {
    this.#emit(0xbf, { to, from });
  }

  set(to: number, immediate: number): void {
    this.#emit(0xb7, { to, immediate });
  }

  add(to: number, immediate: number): void {
    this.#emit(0x07, { to, immediate });
  }

  shiftRight(to: number, bits: number): void {
    this.#emit(0x77, { to, immediate: bits });
  }

  /** On the lower 32 bits. */
  and(to: number, immediate: number): void {
    this.#emit(0x54, { to, immediate });
  }

  load(to: number, width: Width, { register, offset }: Place): void {
    this.#emit(0x61 | widthBits[width], { to, from: register, offset });
  }

  store({ register, offset }: Place, width: Width, from: number): void {
    this.#emit(0x63 | widthBits[width], { to: register, from, offset });
  }

  storeImmediate({ register, offset }: Place, width: Width, immediate: number): void {
    this.#emit(0x62 | widthBits[width], { to: register, offset, immediate });
  }

  /** Skips `distance` slots if the register compares so with the immediate. */
  jump(condition: number, comparison: { register: number; immediate: number }, distance: number): void {
    this.#emit(condition, { to: comparison.register, immediate: comparison.immediate, offset: distance });
  }

  skip(distance: number): void {
    this.jump(Jump.always, { register: 0, immediate: 0 }, distance);
  }

  call(helper: number): void {
    this.#emit(0x85, { immediate: helper });
  }

  exit(): void {
    this.#emit(0x95, {});
  }

  /** Address of a byte of the blob; two slots. */
  loadAddress(to: number, at: number): void {
    this.#emit(0x18, { to, from: Pseudo.MAP_IDX_VALUE });
    this.#emit(0, { immediate: at });
  }

  /** Makes 8 bytes of the blob point to another place in it. */
  storePointer(at: number, target: number): void {
    this.loadAddress(0, target);
    this.loadAddress(1, at);
    this.store({ register: 1, offset: 0 }, 8, 0);
  }

  copyInBlob(to: number, width: Width, from: number): void {
    this.loadAddress(2, from);
    this.load(0, width, { register: 2, offset: 0 });
    this.loadAddress(1, to);
    this.store({ register: 1, offset: 0 }, width, 0);
  }

  copyToContext(offset: number, width: Width, from: number): void {
    this.loadAddress(1, from);
    this.load(0, width, { register: 1, offset: 0 });
    this.store({ register: Register.CONTEXT, offset }, width, 0);
  }

  copyFromContext(to: number, width: Width, offset: number): void {
    this.load(0, width, { register: Register.CONTEXT, offset });
    this.loadAddress(1, to);
    this.store({ register: 1, offset: 0 }, width, 0);
  }

  /** As copyFromContext, but zero leaves what the blob holds. */
  overrideFromContext(to: number, width: Width, offset: number): void {
    this.load(0, width, { register: Register.CONTEXT, offset });
    this.jump(Jump.equal, { register: 0, immediate: 0 }, 3);
    this.loadAddress(1, to);
    this.store({ register: 1, offset: 0 }, width, 0);
  }

  copyFromStack(to: number, width: Width, offset: number): void {
    this.load(0, width, { register: Register.STACK, offset });
    this.loadAddress(1, to);
    this.store({ register: 1, offset: 0 }, width, 0);
  }

  copyStackToContext(to: number, width: Width, offset: number): void {
    this.load(0, width, { register: Register.STACK, offset });
    this.store({ register: Register.CONTEXT, offset: to }, width, 0);
  }

  systemCall(command: number, attribute: Attribute): void {
    this.set(1, command);
    this.loadAddress(2, attribute.at);
    this.set(3, attribute.size);
    this.call(bpf_func_id.BPF_FUNC_sys_bpf);
    this.move(Register.RESULT, 0);
  }

  /** Ends the loader with the error in the result register. ObjectError where the way back is too far for a jump. */
  checkResult(): void {
    const distance = this.#cleanup - this.count - 1;
    if (distance < -0x8000) throw new ObjectError('the loader program is too long', Errno.ERANGE);
    this.jump(Jump.below, { register: Register.RESULT, immediate: 0 }, distance);
  }

  /** Closes the descriptor at a place of the stack, if there is one. */
  closeOnStack(offset: number): void {
    this.load(1, 4, { register: Register.STACK, offset });
    this.#close();
  }

  closeInBlob(at: number): void {
    this.loadAddress(0, at);
    this.load(1, 4, { register: 0, offset: 0 });
    this.#close();
  }

  #close(): void {
    this.jump(Jump.atMost, { register: 1, immediate: 0 }, 2);
    this.move(Register.SPARE, 1);
    this.call(bpf_func_id.BPF_FUNC_sys_close);
  }

  #emit(opcode: number, parts: { to?: number; from?: number; offset?: number; immediate?: number }): void {
    this.#code.u8(opcode).u8((parts.to ?? 0) | ((parts.from ?? 0) << 4));
    this.#code.u16(parts.offset ?? 0).i32(parts.immediate ?? 0);
  }
}

import { Errno } from '../../errors/index.ts';
import { type DiagnosticLog, ObjectError } from '../../object/index.ts';
import { bpf_func_id } from '../../uapi/index.ts';
import { type Emitter, Jump, Register } from './emitter.ts';
import { descriptorSlots, mostFunctionSlots, mostMaps } from './layout.ts';

/** An instruction that refers to something of the kernel. */
export interface SymbolUse {
  readonly name: string;
  /** BTF_KIND_VAR or BTF_KIND_FUNC. */
  readonly kind: number;
  /** Slot in the program. */
  readonly index: number;
  readonly weak: boolean;
  /** `load` of an address of a typed symbol, `address` of one without type, `call` of a function. */
  readonly how: 'load' | 'address' | 'call';
}

/** What is known of a symbol once one instruction was relocated. */
interface Known {
  readonly use: SymbolUse;
  /** Offset in the blob of that instruction. */
  readonly instruction: number;
  /** Of the BTF of a called function. */
  slot: number;
}

// Members of an instruction and of the slot after it.
const registers = 1;
const offsetAt = 2;
const immediateAt = 4;
const secondImmediateAt = 12;

/** Lets the loader look up kernel symbols by name, once each, and patch the instructions in the blob. */
export class SymbolPatches {
  readonly #emitter: Emitter;
  readonly #log: DiagnosticLog;
  readonly #fdArray: number;
  #known: Known[] = [];
  #functionSlots = 0;

  constructor(emitter: Emitter, log: DiagnosticLog, fdArray: number) {
    this.#emitter = emitter;
    this.#log = log;
    this.#fdArray = fdArray;
  }

  /** For all uses in one program, whose instructions stand at `instructions` in the blob. */
  apply(uses: readonly SymbolUse[], instructions: number): void {
    for (const use of uses) {
      const at = instructions + use.index * 8;
      this.#emitter.loadAddress(Register.INSTRUCTION, at);
      const known = this.#known.find(({ use: { name, kind, how } }) => {
        return name === use.name && kind === use.kind && (how === 'call') === (use.how === 'call');
      });
      if (use.how === 'call') this.#patchCall(use, at, known);
      else if (use.how === 'load') this.#patchLoad(use, at, known);
      else this.#patchAddress(use, at, known);
    }
  }

  /** Closes what the look-ups opened, loaded or not. */
  close(): void {
    const emitter = this.#emitter;
    for (const { use, instruction, slot } of this.#known) {
      if (use.how === 'load') emitter.closeInBlob(instruction + secondImmediateAt);
      if (use.how !== 'call') continue;
      emitter.closeInBlob(this.#slotAt(slot));
      if (slot < descriptorSlots) this.#functionSlots--;
    }
    this.#known = [];
  }

  #patchCall(use: SymbolUse, at: number, known: Known | undefined): void {
    const emitter = this.#emitter;
    if (known) {
      emitter.copyInBlob(at + immediateAt, 4, known.instruction + immediateAt);
      emitter.copyInBlob(at + offsetAt, 2, known.instruction + offsetAt);
      return;
    }
    const made: Known = { use, instruction: at, slot: 0 };
    this.#known.push(made);
    this.#findByName(use);
    if (!use.weak) emitter.checkResult();
    const slot = this.#newSlot();
    if (slot > 0x7fff) {
      const text = `BTF fd off ${slot} for kfunc ${use.name} exceeds INT16_MAX, cannot process relocation`;
      this.#log('warn', text);
      throw new ObjectError(text, Errno.E2BIG);
    }
    made.slot = slot;
    emitter.jump(Jump.atLeast, { register: Register.RESULT, immediate: 0 }, 3);
    this.#writeImmediate(immediateAt, 4, 0);
    this.#writeImmediate(offsetAt, 2, 0);
    emitter.skip(10);
    emitter.store({ register: Register.INSTRUCTION, offset: immediateAt }, 4, Register.RESULT);
    emitter.move(Register.SPARE, Register.RESULT);
    emitter.shiftRight(Register.SPARE, 32);
    emitter.loadAddress(0, this.#slotAt(slot));
    emitter.store({ register: 0, offset: 0 }, 4, Register.SPARE);
    // The kernel's own BTF has no descriptor, and offset 0.
    emitter.jump(Jump.notEqual, { register: Register.SPARE, immediate: 0 }, 2);
    this.#writeImmediate(offsetAt, 2, 0);
    emitter.skip(1);
    this.#writeImmediate(offsetAt, 2, slot);
  }

  #patchLoad(use: SymbolUse, at: number, known: Known | undefined): void {
    const emitter = this.#emitter;
    if (known) {
      emitter.copyInBlob(at + secondImmediateAt, 4, known.instruction + secondImmediateAt);
      emitter.copyInBlob(at + immediateAt, 4, known.instruction + immediateAt);
      emitter.jump(Jump.notEqual, { register: 0, immediate: 0 }, 3);
    } else {
      this.#known.push({ use, instruction: at, slot: 0 });
      this.#findByName(use);
      if (!use.weak) emitter.checkResult();
      emitter.jump(Jump.atLeast, { register: Register.RESULT, immediate: 0 }, 3);
      this.#writeImmediate(immediateAt, 4, 0);
      this.#writeImmediate(secondImmediateAt, 4, 0);
      emitter.skip(4);
      this.#writeHalves(Register.RESULT);
      emitter.skip(3);
    }
    // Nothing was found: the load is of the number 0.
    const place = { register: Register.INSTRUCTION, offset: registers };
    emitter.load(Register.SPARE, 1, place);
    emitter.and(Register.SPARE, emitter.blob.littleEndian ? 0x0f : 0xf0);
    emitter.store(place, 1, Register.SPARE);
  }

  #patchAddress(use: SymbolUse, at: number, known: Known | undefined): void {
    const emitter = this.#emitter;
    if (known) {
      emitter.copyInBlob(at + immediateAt, 4, known.instruction + immediateAt);
      emitter.copyInBlob(at + secondImmediateAt, 4, known.instruction + secondImmediateAt);
      return;
    }
    this.#known.push({ use, instruction: at, slot: 0 });
    const name = emitter.blob.addText(use.name);
    const result = emitter.blob.reserve(8);
    emitter.loadAddress(1, name.at);
    emitter.set(2, name.length);
    emitter.set(3, 0);
    emitter.loadAddress(4, result);
    emitter.move(Register.RESULT, 4);
    emitter.call(bpf_func_id.BPF_FUNC_kallsyms_lookup_name);
    emitter.load(Register.SPARE, 8, { register: Register.RESULT, offset: 0 });
    emitter.move(Register.RESULT, 0);
    emitter.jump(Jump.equal, { register: Register.RESULT, immediate: -Errno.ENOENT }, 1);
    emitter.checkResult();
    this.#writeHalves(Register.SPARE);
  }

  #findByName(use: SymbolUse): void {
    findByName(this.#emitter, use.name, use.kind);
  }

  /** The lower half of a register goes into the instruction, the upper into the next slot. */
  #writeHalves(register: number): void {
    const emitter = this.#emitter;
    emitter.store({ register: Register.INSTRUCTION, offset: immediateAt }, 4, register);
    emitter.shiftRight(register, 32);
    emitter.store({ register: Register.INSTRUCTION, offset: secondImmediateAt }, 4, register);
  }

  #writeImmediate(offset: number, width: 2 | 4, value: number): void {
    this.#emitter.storeImmediate({ register: Register.INSTRUCTION, offset }, width, value);
  }

  #slotAt(slot: number): number {
    return this.#fdArray + slot * 4;
  }

  /** The index the kernel finds the descriptor under; beyond the reserved ones it is elsewhere in the blob. */
  #newSlot(): number {
    if (this.#functionSlots < mostFunctionSlots) return mostMaps + this.#functionSlots++;
    return (this.#emitter.blob.reserve(4) - this.#fdArray) / 4;
  }
}

/** Leaves type id (lower half) and descriptor of the BTF (upper half), or an error, in the result register. */
export function findByName(emitter: Emitter, name: string, kind: number): void {
  const text = emitter.blob.addText(name);
  emitter.loadAddress(1, text.at);
  emitter.set(2, text.length);
  emitter.set(3, kind);
  emitter.set(4, 0);
  emitter.call(bpf_func_id.BPF_FUNC_btf_find_by_name_kind);
  emitter.move(Register.RESULT, 0);
}

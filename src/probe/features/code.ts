import { assemble, encodeInstructions, type Instruction, op, type Statement } from '../../insn/index.ts';

const MAXIMUM_BEFORE_5_3 = 4096;
/** A jump by a 32-bit distance, which `goto` has no form of. */
const farJump: Statement = { kind: 'slots', slots: [{ code: 0x06, dst: 0, src: 0, offset: 0, imm: 1 }] };
const set = (value: number) => op.alu('=', 'r0', value);

const encode = (statements: readonly Statement[]) => encodeInstructions(assemble(statements).instructions);

/** The same instruction many times, and an end: assembling each would take longer than all other questions' code together. */
function repeated(instruction: Uint8Array, count: number, end: Uint8Array): Uint8Array {
  const code = new Uint8Array(instruction.length * count + end.length);
  for (let index = 0; index < count; index++) code.set(instruction, index * instruction.length);
  code.set(end, instruction.length * count);
  return code;
}

/** `r0 = VALUE; exit` */
export function returning(value: number): Uint8Array {
  return encode([set(value), op.exit()]);
}

/** Code that calls a helper and exits; `helper` is its number. */
export class HelperCall {
  readonly code: Uint8Array;
  readonly #view: DataView;

  constructor() {
    const call: Instruction = { code: 0x85, dst: 0, src: 0, offset: 0, imm: 0 };
    const exit: Instruction = { ...call, code: 0x95 };
    this.code = encodeInstructions([call, exit]);
    this.#view = new DataView(this.code.buffer, this.code.byteOffset);
  }

  /** The number of the helper is the constant of the first instruction. */
  set helper(id: number) {
    this.#view.setInt32(4, id, true);
  }
}

/** What each of the miscellaneous features is tried with; they run as socket filters. */
export const miscellaneous: Readonly<Record<MiscellaneousFeature, () => Uint8Array>> = {
  /** Since 5.3: a million instructions that are verified, not 4,096. */
  largeInstructionLimit: () => repeated(encode([set(1)]), MAXIMUM_BEFORE_5_3, encode([op.exit()])),
  /** Since 5.3. */
  boundedLoops: () =>
    encode([set(10), op.label('again'), op.alu('-=', 'r0', 1), op.jump('!=', 'r0', 0, 'again'), op.exit()]),
  /** Since 4.14: comparisons `<`, `<=`, `s<`, `s<=`. */
  instructionSetV2: () => encode([set(0), op.jump('<', 'r0', 0, 'end'), set(1), op.label('end'), op.exit()]),
  /** Since 5.1: comparisons of lower halves. */
  instructionSetV3: () => encode([set(0), op.jump32('<', 'r0', 0, 'end'), set(1), op.label('end'), op.exit()]),
  /** Since 6.6: loads that extend the sign, swaps, signed division, jumps by 32 bits. */
  instructionSetV4: () =>
    encode([set(0), op.jump32('==', 'r0', 1, 'far'), farJump, op.label('far'), set(1), op.exit()]),
};

/** Abilities of a kernel that are no type and no helper. */
export type MiscellaneousFeature =
  | 'largeInstructionLimit'
  | 'boundedLoops'
  | 'instructionSetV2'
  | 'instructionSetV3'
  | 'instructionSetV4';

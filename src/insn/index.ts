export { type Assembled, assemble, type SymbolReference } from './assemble.ts';
export { type BasicBlock, basicBlocks, type FunctionBlocks } from './blocks.ts';
export { decodeInstructions, type Instruction, instructionSize, loadImm64 } from './decode.ts';
export { disassemble, type Names } from './disassemble.ts';
export { encodeInstructions } from './encode.ts';
/** Instructions of programs, for `assemble` and `createProgram`. */
export * as op from './statements.ts';
export type { Helper, Place, Register, Size, Statement } from './statements.ts';
export { disassembleX86, type MachineInstruction } from './x86/disassemble.ts';

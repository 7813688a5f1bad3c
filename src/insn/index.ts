export { type BasicBlock, basicBlocks, type FunctionBlocks } from './blocks.ts';
export { decodeInstructions, type Instruction, instructionSize, loadImm64 } from './decode.ts';
export { disassemble, type Names } from './disassemble.ts';
export { disassembleX86, type MachineInstruction } from './x86/disassemble.ts';

export { type BasicBlock, basicBlocks, type FunctionBlocks } from './blocks.ts';
export { decodeInstructions, type Instruction, instructionSize, loadImm64 } from './decode.ts';
export { disassemble, type Names } from './disassemble.ts';

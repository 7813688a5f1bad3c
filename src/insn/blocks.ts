import type { Instruction } from './decode.ts';

/** A run of instructions entered only at its head and left only at its tail; indices within the program, both included. */
export interface BasicBlock {
  /** Number within its function; 0 is the entry, 1 the exit, both without instructions. */
  readonly index: number;
  readonly head: number;
  readonly tail: number;
  /** Numbers of the blocks that may follow. */
  readonly successors: readonly number[];
}

export interface FunctionBlocks {
  /** In the order in which calls mention the functions; the main function is 0. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** Entry first, then by position, exit last. */
  readonly blocks: readonly BasicBlock[];
}

const entry = 0;
const exit = 1;
const callCode = 0x85;

const isJump = (insn: Instruction): boolean => (insn.code & 7) === 5 || (insn.code & 7) === 6;
const operation = (insn: Instruction): number => insn.code & 0xf0;
const endsOrCalls = (insn: Instruction): boolean => operation(insn) === 0x80 || operation(insn) === 0x90;
const jumpAlways = (insn: Instruction): boolean => operation(insn) === 0;

/** Functions of a program, by position, and their basic blocks. Jumps and calls that leave the program are ignored. */
export function basicBlocks(program: readonly Instruction[]): FunctionBlocks[] {
  const starts = new Set([0]);
  for (const [at, insn] of program.entries()) {
    const target = at + insn.offset + 1;
    if (insn.code === callCode && insn.src === 1 && program[target] !== undefined) starts.add(target);
  }
  const sorted = [...starts].sort((a, b) => a - b);
  const numbers = new Map([...starts].map((start, index) => [start, index]));
  return sorted.map((start, position) => {
    const end = (sorted[position + 1] ?? program.length) - 1;
    return { index: numbers.get(start)!, start, end, blocks: blocksOf(program, start, end) };
  });
}

function blocksOf(program: readonly Instruction[], start: number, end: number): BasicBlock[] {
  const heads = new Set([start]);
  for (let at = start; at <= end; at++) {
    const insn = program[at];
    if (insn === undefined || !isJump(insn) || endsOrCalls(insn)) continue;
    for (const head of jumpAlways(insn) ? [at + insn.offset + 1] : [at + insn.offset + 1, at + 1]) {
      if (head >= 0 && head < program.length) heads.add(head);
    }
  }
  const sorted = [...heads].sort((a, b) => a - b);
  const first = 2;
  const numbers = new Map(sorted.map((head, position) => [head, position + first]));
  const blocks = sorted.map((head, position): BasicBlock => {
    const index = position + first;
    const tail = position === sorted.length - 1 ? end : sorted[position + 1]! - 1;
    const next = position === sorted.length - 1 ? exit : index + 1;
    const insn = program[tail];
    if (insn === undefined || !isJump(insn) || endsOrCalls(insn)) return { index, head, tail, successors: [next] };
    const target = numbers.get(tail + insn.offset + 1) ?? exit;
    return { index, head, tail, successors: jumpAlways(insn) ? [target] : [next, target] };
  });
  const none = { head: -1, tail: -1 };
  return [{ index: entry, ...none, successors: [first] }, ...blocks, { index: exit, ...none, successors: [] }];
}

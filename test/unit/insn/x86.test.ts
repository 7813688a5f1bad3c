import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { disassembleX86 } from '../../../src/insn/index.ts';

const address = 0xffff_ffff_c000_1000n;
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const text = (hex: string) => disassembleX86(bytes(hex), 0, address).text;

// Recorded with LLVMDisasmInstruction, called as bpftool calls it, of LLVM 14.0.6; that of 19.1 says the same.
const recorded = readFileSync(path.resolve(import.meta.dirname, '../../golden/x86/instructions.txt'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)] as const);

describe('an instruction of x86-64', () => {
  it('is printed as LLVM prints it, whatever its form', () => {
    expect(recorded.length).toBeGreaterThan(400);
    const ours = recorded.map(([hex]) => [hex, text(hex)]);
    expect(ours).toEqual(recorded);
  });

  it('ends where its bytes end, wherever it lies', () => {
    for (const [hex, expected] of recorded) {
      const padded = bytes(`cccc${hex}cccc`);
      expect(disassembleX86(padded, 2, address), hex).toEqual({ length: hex.length / 2, text: expected });
    }
  });

  it.each([
    ['e800000000', 'callq\t0xffffffffc0001005'],
    ['e9fbefffff', 'jmp\t0xffffffffc0000000'],
    ['e9fbefff3f', 'jmp\t0x0'],
    ['ebfe', 'jmp\t0xffffffffc0001000'],
    ['2e2e2e0f8503000000', 'jne\t0xffffffffc000100c'],
    ['65480304250040c201', 'addq\t%gs:29507584, %rax'],
    ['48b8ffeeddccbbaa9988', 'movabsq\t$-8603657889541918977, %rax'],
    ['b8ffffffff', 'movl\t$4294967295, %eax'],
    ['48c7c0ffffffff', 'movq\t$-1, %rax'],
    ['f30f1efa', 'endbr64'],
    ['6690', 'nop'],
  ])('%s is %s', (hex, expected) => expect(text(hex)).toBe(expected));

  it('with a lock prefix is two, as LLVM has it', () => {
    const code = bytes('f0480107');
    expect(disassembleX86(code, 0, address)).toEqual({ length: 1, text: 'lock' });
    expect(disassembleX86(code, 1, address + 1n)).toEqual({ length: 3, text: 'addq\t%rax, (%rdi)' });
  });

  it.each([
    ['no instruction', '06'],
    ['a trap that LLVM does not know', 'd6'],
    ['an instruction for floating point', 'd9c0'],
    ['a vector instruction', '0f28c1'],
    ['a repeated one', 'f3a4'],
    ['a branch of 16 bits', '66e80000'],
    ['an operation code that is not assigned', '0ffffa'],
  ])('that is %s becomes a byte', (_what, hex) => {
    expect(disassembleX86(bytes(hex), 0, address)).toEqual({ length: 1, text: `.byte\t0x${hex.slice(0, 2)}` });
  });

  it('that is cut short becomes a byte, and no byte beyond the end is read', () => {
    for (const [hex] of recorded) {
      for (let length = 1; length < hex.length / 2; length++) {
        const cut = bytes(hex).subarray(0, length);
        const found = disassembleX86(cut, 0, address);
        expect(found.length, hex).toBeLessThanOrEqual(length);
      }
    }
  });

  it('of more than 15 bytes does not exist', () => {
    expect(text(`${'66'.repeat(14)}90`)).toBe('nop');
    expect(text(`${'66'.repeat(15)}90`)).toBe('.byte\t0x66');
  });

  it('from any bytes is one that ends within them', () => {
    let state = 12345;
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return (state >> 16) & 0xff;
    };
    for (let count = 0; count < 20_000; count++) {
      const code = Uint8Array.from({ length: 1 + (random() % 17) }, random);
      const { length, text: printed } = disassembleX86(code, 0, address);
      expect(length >= 1 && length <= Math.min(15, code.length)).toBe(true);
      expect(printed).not.toMatch(/undefined|NaN|null/);
    }
  });
});

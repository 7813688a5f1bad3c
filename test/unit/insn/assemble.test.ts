import { describe, expect, it } from 'vitest';
import { assemble, decodeInstructions, disassemble, encodeInstructions, op } from '../../../src/insn/index.ts';

const hexOf = (statements: op.Statement[]) =>
  Buffer.from(encodeInstructions(assemble(statements).instructions))
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ');
const textOf = (statement: op.Statement) => {
  const [insn, next] = assemble([statement]).instructions;
  return disassemble(insn!, next);
};
const { alu, alu32, at, call, constant, exit, goto, jump, jump32, label, load, mapAddress, store } = op;

describe('an instruction becomes the bytes that clang writes', () => {
  it.each([
    [alu('=', 'r1', 1), 'b7 01 00 00 01 00 00 00'],
    [alu('=', 'r6', 'r1'), 'bf 16 00 00 00 00 00 00'],
    [alu('+=', 'r2', -8), '07 02 00 00 f8 ff ff ff'],
    [alu('-=', 'r1', 'r2'), '1f 21 00 00 00 00 00 00'],
    [alu32('=', 'r1', 'r2'), 'bc 21 00 00 00 00 00 00'],
    [load('u32', 'r1', at('r2', -8)), '61 21 f8 ff 00 00 00 00'],
    [load('u64', 'r3', at('r0')), '79 03 00 00 00 00 00 00'],
    [store('u64', at('r1'), -1), '7a 01 00 00 ff ff ff ff'],
    [store('u32', at('r10', -4), 'r0'), '63 0a fc ff 00 00 00 00'],
    [store('u8', at('r10', -1), 'r1'), '73 1a ff ff 00 00 00 00'],
    [call('map_lookup_elem'), '85 00 00 00 01 00 00 00'],
    [call('perf_event_read_value'), '85 00 00 00 37 00 00 00'],
    [exit(), '95 00 00 00 00 00 00 00'],
    [constant('r1', 0x1_ffff_ffffn), '18 01 00 00 ff ff ff ff 00 00 00 00 01 00 00 00'],
    [constant('r2', -2n), '18 02 00 00 fe ff ff ff 00 00 00 00 ff ff ff ff'],
    [constant('r2', 0xffff_ffff_ffff_fffen), '18 02 00 00 fe ff ff ff 00 00 00 00 ff ff ff ff'],
    [mapAddress('r1', 7), '18 11 00 00 07 00 00 00 00 00 00 00 00 00 00 00'],
  ])('%j', (statement, expected) => {
    expect(hexOf([statement])).toBe(expected);
  });
});

describe('an instruction is disassembled to its own notation', () => {
  const operators = ['+=', '-=', '*=', '/=', '|=', '&=', '<<=', '>>=', '%=', '^=', '=', 's>>='] as const;
  it.each(operators)('%s', (operator) => {
    expect(textOf(alu(operator, 'r3', 'r4'))).toMatch(new RegExp(`^\\(..\\) r3 ${escaped(operator)} r4$`));
    expect(textOf(alu(operator, 'r3', 5))).toMatch(new RegExp(`^\\(..\\) r3 ${escaped(operator)} 5$`));
    expect(textOf(alu32(operator, 'r3', 'r4'))).toMatch(new RegExp(`^\\(..\\) w3 ${escaped(operator)} w4$`));
  });

  const conditions = ['==', '>', '>=', '&', '!=', 's>', 's>=', '<', '<=', 's<', 's<='] as const;
  it.each(conditions)('if %s', (condition) => {
    const text = (statement: op.Statement) => {
      const [insn] = assemble([statement, exit(), label('out')]).instructions;
      return disassemble(insn!, undefined);
    };
    expect(text(jump(condition, 'r1', 2, 'out'))).toMatch(
      new RegExp(`^\\(..\\) if r1 ${escaped(condition)} 0x2 goto pc\\+1$`),
    );
    expect(text(jump(condition, 'r1', 'r2', 'out'))).toMatch(
      new RegExp(`^\\(..\\) if r1 ${escaped(condition)} r2 goto pc\\+1$`),
    );
    expect(text(jump32(condition, 'r1', 2, 'out'))).toMatch(
      new RegExp(`^\\(..\\) if w1 ${escaped(condition)} 0x2 goto pc\\+1$`),
    );
  });

  it.each(['u8', 'u16', 'u32', 'u64'] as const)('%s in memory', (size) => {
    expect(textOf(load(size, 'r1', at('r9', 8)))).toContain(`r1 = *(${size} *)(r9 +8)`);
    expect(textOf(store(size, at('r9', -8), 'r1'))).toContain(`*(${size} *)(r9 -8) = r1`);
    expect(textOf(store(size, at('r9', -8), 3))).toContain(`*(${size} *)(r9 -8) = 3`);
  });

  it('bytes become the same instructions again', () => {
    const { instructions } = assemble([
      label('again'),
      mapAddress('r1', 0x7fff_ffff),
      alu('-=', 'r10', -0x8000_0000),
      jump('s<=', 'r1', 'r10', 'again'),
      exit(),
    ]);
    expect(decodeInstructions(encodeInstructions(instructions))).toEqual(instructions);
  });
});

describe('a program', () => {
  it('has its labels resolved, forwards and backwards, over instructions of two slots', () => {
    const { instructions, references } = assemble([
      goto('end'),
      label('loop'),
      mapAddress('r1', 'counts'),
      constant('r2', 1n),
      mapAddress('r3', 'events'),
      label('end'),
      jump('!=', 'r0', 0, 'loop'),
      exit(),
    ]);
    expect(instructions.map(({ offset }) => offset)).toEqual([6, 0, 0, 0, 0, 0, 0, -7, 0]);
    expect(references).toEqual([
      { index: 1, symbol: 'counts' },
      { index: 5, symbol: 'events' },
    ]);
  });

  it('with wrong labels or numbers is refused', () => {
    expect(() => assemble([goto('nowhere')])).toThrow("there is no label 'nowhere'");
    expect(() => assemble([label('twice'), exit(), label('twice')])).toThrow("label 'twice' is there twice");
    const far = (count: number) => [goto('far'), ...Array.from({ length: count }, () => exit()), label('far')];
    expect(assemble(far(0x7fff)).instructions[0]!.offset).toBe(0x7fff);
    expect(() => assemble(far(0x8000))).toThrow("label 'far' is 32768 instructions away");
    expect(() => alu('=', 'r1', 0x8000_0000)).toThrow('constant 2147483648 does not fit 32 bits');
    expect(() => store('u64', at('r1'), 0.5)).toThrow('constant 0.5 does not fit 32 bits');
    expect(() => at('r1', 0x8000)).toThrow('offset 32768 does not fit 16 bits');
    expect(() => constant('r1', 1n << 64n)).toThrow('does not fit 64 bits');
    expect(() => constant('r1', -(1n << 63n) - 1n)).toThrow('does not fit 64 bits');
  });
});

function escaped(text: string): string {
  return text.replace(/[+*|^&]/g, '\\$&');
}

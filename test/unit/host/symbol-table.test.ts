import { expect, test } from 'vitest';
import { SymbolTable } from '../../../src/host/index.ts';
import type { Kernel } from '../../../src/sys/index.ts';

const text = [
  'ffffffff81000000 T _stext',
  'ffffffff82000000 t 81000010 ',
  'aaaaaaaa81000010 t other_half',
  'ffffffff81000010 t of_a_module\t[module]',
  'ffffffff81000010 t second_of_two',
  '00000000c0000000 D last',
].join('\n');

function table(content: string): SymbolTable {
  return new SymbolTable({ readFile: () => Buffer.from(content) } as unknown as Kernel);
}

test('symbols are found by their whole address, the first of several', () => {
  const symbols = table(text);
  const ask = (address: bigint) => symbols.nameAt(address);
  for (let again = 0; again < 2; again++) {
    expect(ask(0xffffffff81000000n)).toBe('_stext');
    expect(ask(0xffffffff81000010n)).toBe('of_a_module');
    expect(ask(0xaaaaaaaa81000010n)).toBe('other_half');
    expect(ask(0xc0000000n)).toBe('last');
    expect(ask(0xffffffff81000001n)).toBeUndefined();
  }
});

test('addresses are found by whole names', () => {
  const symbols = table(`${text}\n`);
  expect(symbols.addressOf('_stext')).toBe(0xffffffff81000000n);
  expect(symbols.addressOf('of_a_module')).toBe(0xffffffff81000010n);
  expect(symbols.addressOf('stext')).toBeUndefined();
  expect(table('').nameAt(1n)).toBeUndefined();
});

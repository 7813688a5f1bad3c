import { describe, expect, it } from 'vitest';
import { strtoul } from '../../../src/cli/index.ts';

describe('numbers as strtoul reads them', () => {
  it.each([
    ['10', 0, 10n, ''],
    ['010', 0, 8n, ''],
    ['0x1f', 0, 31n, ''],
    ['0x', 0, 0n, 'x'],
    ['ff', 16, 255n, ''],
    ['0xff', 16, 255n, ''],
    ['-1', 0, 0xffff_ffff_ffff_ffffn, ''],
    ['12abc', 0, 12n, 'abc'],
    ['abc', 0, 0n, 'abc'],
    ['', 0, 0n, ''],
    ['99999999999999999999999', 0, 0xffff_ffff_ffff_ffffn, ''],
  ] as const)('%s in base %d', (text, base, value, rest) => {
    expect(strtoul(text, base)).toEqual({ value, rest });
  });
});

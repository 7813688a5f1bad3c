import { describe, expect, test } from 'vitest';
import { globMatches } from '../../../src/loader/attach/glob.ts';

describe('patterns of function names', () => {
  test.each([
    ['malloc', 'malloc', true],
    ['malloc', 'mal*', true],
    ['malloc', '*loc', true],
    ['malloc', 'm*l*c', true],
    ['malloc', 'm?lloc', true],
    ['malloc', '*', true],
    ['malloc', 'alloc', false],
    ['malloc', 'malloc?', false],
    ['malloc', 'm*x', false],
    ['', '*', true],
    ['', '?', false],
  ])('%s and %s: %s', (name, pattern, expected) => {
    expect(globMatches(name, pattern)).toBe(expected);
  });

  test('many stars take no long time', () => {
    expect(globMatches('a'.repeat(5000), `${'*a'.repeat(50)}b`)).toBe(false);
  });
});

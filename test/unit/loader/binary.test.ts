import { describe, expect, test } from 'vitest';
import { matchesGlob } from '../../../src/bytes/index.ts';

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
    expect(matchesGlob(name, pattern)).toBe(expected);
  });

  test('many stars take no long time', () => {
    expect(matchesGlob('a'.repeat(5000), `${'*a'.repeat(50)}b`)).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { ambiguity, selectVerb, UsageExit, Words } from '../../../src/cli/index.ts';

describe('words', () => {
  it('are matched by any beginning of a keyword', () => {
    const words = new Words(['na', 'x']);
    expect(words.take('pinned')).toBe(false);
    expect(words.take('name')).toBe(true);
    expect(words.next()).toBe('x');
    expect(() => words.next()).toThrow(UsageExit);
  });

  it('say how many were needed, naming the one before', () => {
    expect(() => new Words(['map', 'create', 'f'], 2).require(7)).toThrow(
      "'create' needs at least 7 arguments, 1 found",
    );
  });

  it('name every keyword an ambiguous one could be', () => {
    expect(ambiguity('p', ['prog', 'pinned', 'map'])).toBe("ambiguous prefix: 'p' could be 'prog' or 'pinned'");
    expect(ambiguity('pr', ['prog', 'pinned'])).toBeUndefined();
  });
});

describe('a verb', () => {
  const verbs = [{ name: 'show' }, { name: 'list' }, { name: 'schema', extension: true }];

  it('is the first that the word abbreviates', () => {
    expect(selectVerb(verbs, 's')?.name).toBe('show');
    expect(selectVerb(verbs, undefined)?.name).toBe('show');
  });

  it('beyond the reference needs its whole name', () => {
    expect(selectVerb(verbs, 'sche')).toBeUndefined();
    expect(selectVerb(verbs, 'schema')?.name).toBe('schema');
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { edits, exercise, exercisePinned, mutate, seeds } from './btf-mutants.ts';

/** `FUZZ_RUNS` and `FUZZ_SEED` make the run longer or other; the default share is small and always the same. */
const runs = Number(process.env.FUZZ_RUNS ?? 200);
const seed = Number(process.env.FUZZ_SEED ?? 20);
const timeout = 60_000 + runs * 50;

test('unchanged BTF of every kind passes through everything', () => {
  for (const bytes of seeds) expect(() => exercise(bytes)).not.toThrow();
});

test('damaged BTF gives errors of ours only, and ends', { timeout }, () => {
  const property = fc.property(fc.constantFrom(...seeds), edits, (bytes, changes) => exercise(mutate(bytes, changes)));
  fc.assert(property, { numRuns: runs, seed });
});

test("damaged BTF of a kernel's headers gives errors of ours only", { timeout }, () => {
  fc.assert(fc.property(edits, exercisePinned), { numRuns: Math.ceil(runs / 20), seed });
});

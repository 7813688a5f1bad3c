// Damaged objects given to the running kernel: each is loaded or refused with an error of ours, and nothing is left.
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openKernel } from '../../src/sys/index.ts';
import { loadMutant } from '../fuzz/kernel-mutants.ts';
import { objectMutant, objectSeeds } from '../fuzz/object-mutants.ts';

/** `npm run test:fuzz -- kernel` gives it many more. */
const runs = 150;
const seed = 20;

test('damaged objects leave nothing behind in the kernel', { timeout: 240_000 }, () => {
  const kernel = openKernel();
  const seeds = objectSeeds(resolve(import.meta.dirname, '../..'));
  let loaded = 0;
  for (let number = 0; number < runs; number++) {
    const mutant = objectMutant(seeds, seed, number);
    try {
      if (loadMutant(kernel, mutant)) loaded++;
    } catch (error) {
      throw new Error(`mutant ${number} of seed ${seed}: ${mutant.file.name}`, { cause: error });
    }
  }
  expect(loaded).toBeGreaterThan(runs / 4);
});

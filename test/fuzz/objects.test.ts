import path from 'node:path';
import { expect, test } from 'vitest';
import { parseObject } from '../../src/object/index.ts';
import { objectMutant, objectSeeds, runObjectMutant } from './object-mutants.ts';

/** `npm run test:fuzz -- objects` runs many more. */
const runs = Number(process.env.FUZZ_RUNS ?? 400);
const seed = Number(process.env.FUZZ_SEED ?? 20);
const project = path.resolve(import.meta.dirname, '../..');
const seeds = objectSeeds(project);

test('unchanged objects pass through everything', () => {
  expect(seeds.length).toBeGreaterThan(30);
  for (const file of seeds) {
    expect(() => parseObject(file.bytes, { path: file.name, relaxedMaps: true }), file.name).not.toThrow();
    expect(() => runObjectMutant({ file, bytes: file.bytes }), file.name).not.toThrow();
  }
});

test('damaged objects give errors of ours only, and end', { timeout: 60_000 + runs * 50 }, () => {
  let readable = 0;
  for (let number = 0; number < runs; number++) {
    const mutant = objectMutant(seeds, seed, number);
    expect(() => runObjectMutant(mutant), `mutant ${number} of seed ${seed}: ${mutant.file.name}`).not.toThrow();
    try {
      parseObject(mutant.bytes, { path: mutant.file.name });
      readable++;
    } catch {
      // Refused, as it should be.
    }
  }
  // Mutants that are all refused at once would prove nothing about what follows.
  expect(readable).toBeGreaterThan(runs / 10);
});

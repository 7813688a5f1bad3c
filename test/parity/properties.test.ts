// Maps of random types, dumped and looked up by both programs: their outputs are the same bytes. `FUZZ_RUNS` says how
// many random types, `FUZZ_SEED` where to begin; `npm run test:properties` runs thousands.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inVirtualMachine } from '../support/feature.ts';
import { type Mismatch, type RandomMap, RandomMaps, randomMap } from '../support/parity/random-maps.ts';
import { knownKinds } from '../support/parity/known-kinds.ts';
import { World } from '../support/parity/world.ts';

const runs = Number(process.env.FUZZ_RUNS ?? (inVirtualMachine ? 30 : 300));
const seed = Number(process.env.FUZZ_SEED ?? 20);
const timeout = 120_000 + runs * 100;
/** Some eight types each; the start of six processes for all of them. */
const mapsAtOnce = Math.min(64, Math.ceil(runs / 8));

let world: World;
beforeAll(() => {
  world = new World('r_');
});
afterAll(() => world?.end());

describe('maps of random types', () => {
  it('are printed as the reference prints them', { timeout }, async () => {
    const shape = randomMap(knownKinds());
    const maps = new RandomMaps(world);
    for (let next = seed; maps.counts.types < runs; next += mapsAtOnce) {
      const seeds = Array.from({ length: mapsAtOnce }, (_, index) => next + index);
      const chosen = seeds.map((one) => ({ seed: one, map: fc.sample(shape, { seed: one, numRuns: 1 })[0]! }));
      const mismatch = await maps.compare(chosen.map(({ map }) => map));
      if (mismatch === undefined) continue;
      const culprit = chosen.find(({ map }) => map === mismatch.map)!;
      const smallest = await shrink(shape, culprit.seed, maps, mismatch);
      expect.fail(report(culprit.seed, smallest));
    }
    console.log(`seed ${seed}: ${JSON.stringify(maps.counts)}`);
    expect(maps.counts.types).toBeGreaterThanOrEqual(runs);
  });
});

/** The smallest map found within a minute that both programs still disagree about. */
async function shrink(
  shape: fc.Arbitrary<RandomMap>,
  seed: number,
  maps: RandomMaps,
  first: Mismatch,
): Promise<Mismatch> {
  let smallest = first;
  const agree = fc.asyncProperty(shape, async (map) => {
    const mismatch = await maps.compare([map]);
    if (mismatch !== undefined) smallest = mismatch;
    return mismatch === undefined;
  });
  await fc.check(agree, { seed, numRuns: 1, interruptAfterTimeLimit: 60_000 });
  return smallest;
}

function report(seed: number, { map, words, bytes, reference, ours }: Mismatch): string {
  return [
    `the programs disagree; again with FUZZ_SEED=${seed} FUZZ_RUNS=1`,
    `type: ${fc.stringify(map)}`,
    ...bytes.map((element) => `bytes: ${element}`),
    `format: ${words.join(' ') || 'plain'}`,
    `reference: ${reference}`,
    `ours: ${ours}`,
  ].join('\n');
}

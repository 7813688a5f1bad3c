// `npm run test:properties [-- TYPES [SEED]]`: compares both programs on maps of at least so many random types (5,000
// unless given), and takes values of as many random types apart and together again. Prints the seed; fails on the
// first difference.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { noteSuccess } from './lib/suites.mjs';

const project = path.dirname(import.meta.dirname);
const [types = process.env.FUZZ_RUNS ?? '5000', seed = process.env.FUZZ_SEED ?? String(Date.now() % 1_000_000_000)] =
  process.argv.slice(2);
if (!/^[1-9]\d*$/.test(types) || !/^\d+$/.test(seed)) {
  console.error('usage: npm run test:properties [-- TYPES [SEED]]');
  process.exit(2);
}

console.log(`random types: ${types}, seed ${seed}`);
const env = { ...process.env, FUZZ_RUNS: types, FUZZ_SEED: seed };
let failed = false;
for (const [name, file] of [
  ['unit', 'test/unit/btf/round-trip.test.ts'],
  ['parity', 'test/parity/properties.test.ts'],
]) {
  const { status } = spawnSync(process.execPath, ['scripts/test.mjs', `--project=${name}`, file], {
    cwd: project,
    stdio: 'inherit',
    env,
  });
  failed ||= status !== 0;
}
if (failed) console.error(`failed with FUZZ_SEED=${seed} FUZZ_RUNS=${types}`);
else if (Number(types) >= 5000) noteSuccess('properties');
process.exit(failed ? 1 : 0);

// Loads the corpus on this machine, in namespaces with a BPF file system of their own.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { insideSandbox } from '../lib/sandbox.mjs';
import { SetupError } from '../lib/setup-error.mjs';

/** @returns {{results: object[], ended: boolean}} a result for each object, in the order of `items` */
export function loadHere({ items, reference, ours, work, minutes }) {
  const plan = path.join(work, 'plan.json');
  const results = path.join(work, 'results.jsonl');
  const seconds = minutes * 60;
  writeFileSync(plan, JSON.stringify({ items, reference, ours, texts: true, seconds, results }));
  const worker = [process.execPath, path.join(import.meta.dirname, 'load-worker.mjs'), plan];
  const [program, ...words] = insideSandbox(worker);
  const { status } = spawnSync(program, words, { stdio: 'inherit' });
  if (status !== 0) throw new SetupError(`loading the corpus ended with status ${status}`);
  const lines = readFileSync(results, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { results: lines.filter(({ test }) => test !== undefined), ended: lines.at(-1).ended === true };
}

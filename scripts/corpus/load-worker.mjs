// `node load-worker.mjs PLAN`: loads the objects of a plan and writes a JSON line for each. The plan is a JSON file:
// items (`{file, source}`), reference and ours (words), texts, seconds (no object is begun after so many), results (a file).
import { openSync, readFileSync, writeSync } from 'node:fs';
import { compareLoad } from './load.mjs';

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { items, reference, ours, texts, seconds } = plan;
const results = openSync(plan.results, 'w');
const until = Date.now() + seconds * 1000;

for (const { file, source } of items) {
  if (Date.now() > until) break;
  let result;
  try {
    result = await compareLoad({ file, reference, ours, texts });
  } catch (error) {
    result = { loads: false, reason: '(no comparison)', programs: 0, maps: 0, differences: [String(error)] };
  }
  send({ test: file, source, ...result });
}
send({ ended: true });

function send(line) {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(results, bytes, at);
}

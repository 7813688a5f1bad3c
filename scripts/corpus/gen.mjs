// `gen object` and `gen min_core_btf` of real objects through both programs, byte for byte: each object alone, and pairs and
// triples of them until enough were linked and enough refused.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { firstDifference, run } from './run.mjs';
import { Table } from './table.mjs';

const target = '/sys/kernel/btf/vmlinux';
const progressEvery = 100;
/** So many pairs and triples are linked, and so many refused. */
const enough = 300;
const mostGroups = 6000;
/** Deadly signals, by which the reference ends where it reads beyond its memory. */
const crashes = ['SIGSEGV', 'SIGBUS', 'SIGABRT', 134, 135, 139];

/**
 * @param {{items: {file: string, source: string}[], reference: string[], ours: string[], work: string}} input
 * @returns {Promise<boolean>} whether every output was equal
 */
export async function compareGenerated({ items, reference, ours, work }) {
  const table = new Table(['runs', 'made', 'refused', 'crash there', 'differ']);
  const differences = [];
  const both = [
    { who: 'theirs', program: reference },
    { who: 'ours', program: ours },
  ];
  const compare = async (name, words) => {
    const outcomes = [];
    for (const { who, program } of both) {
      const output = path.join(work, `${who}.out`);
      rmSync(output, { force: true });
      const { stdout, stderr, status } = await run(program, words(output));
      outcomes.push({ stdout, stderr, status, bytes: status === 0 ? readFileSync(output) : Buffer.alloc(0) });
    }
    const [theirs, own] = outcomes;
    table.count(name, 'runs');
    if (crashes.includes(theirs.status) && own.status !== 0 && own.stderr.includes('Error: ')) {
      table.count(name, 'crash there');
      return 'crash there';
    }
    const parts = ['stdout', 'stderr', 'bytes'].map((part) => firstDifference(theirs[part], own[part]));
    const told = parts.find((part) => part !== undefined);
    const isEqual = told === undefined && theirs.status === own.status;
    const made = own.status === 0 ? 'made' : 'refused';
    const result = isEqual ? made : 'differ';
    table.count(name, result);
    if (!isEqual) {
      differences.push(`${words('OUTPUT').join(' ')}: ${told ?? `status ${theirs.status}, ours ${own.status}`}`);
    }
    return result;
  };
  for (const [at, { file }] of items.entries()) {
    if (at > 0 && at % progressEvery === 0) console.log(`${at} of ${items.length} objects compared`);
    await compare('gen object, alone', (output) => ['gen', 'object', output, file]);
    await compare('gen min_core_btf', (output) => ['gen', 'min_core_btf', target, output, file]);
  }
  const random = numbers();
  const found = { made: 0, refused: 0 };
  for (let group = 0; group < mostGroups && (found.made < enough || found.refused < enough); group++) {
    const files = Array.from({ length: 2 + random(2) }, () => items[random(items.length)].file);
    const result = await compare('gen object, pairs and triples', (output) => ['gen', 'object', output, ...files]);
    if (result in found) found[result]++;
    if ((group + 1) % progressEvery === 0) console.log(`${group + 1} pairs and triples compared`);
  }
  table.print('both programs');
  for (const line of differences) console.log(line);
  return differences.length === 0;
}

/** The same numbers each time: a linear congruential generator. */
function numbers() {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

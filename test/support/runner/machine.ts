// The end of the bundle that runs inside a virtual machine: runs the declared tests and writes a JSON line for each to
// the second serial port.
import { openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { runTests } from './index.ts';

interface Filter {
  /** Only tests whose group or name matches one of these regular expressions; all when empty. */
  only: string[];
  /** Group, or the outermost group around it → of its tests, every nth runs; none for 0. */
  everyNth?: Record<string, number>;
  /** Of what is left, the tests of this machine where several share them. */
  part?: { index: number; of: number };
}

const port = openSync(process.env.TSBPFTOOL_RESULTS ?? '/dev/ttyS1', 'w');
const project = process.env.TSBPFTOOL_PROJECT ?? '/project';
const filter = JSON.parse(readFileSync(path.join(project, 'filter.json'), 'utf8')) as Filter;
const only = filter.only.map((pattern) => new RegExp(pattern));

/** How many tests of each group have been offered, and how many of all were for some machine. */
const seen = new Map<string, number>();
let chosen = 0;

await runTests(keep, send);
send({ ended: true });
process.exit(0);

function send(line: object): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(port, bytes, at);
}

function keep(group: string, test: string): boolean {
  if (only.length > 0 && !only.some((pattern) => pattern.test(`${group} > ${test}`))) return false;
  const [outer = group] = group.split(' > ');
  const counted = filter.everyNth?.[group] === undefined ? outer : group;
  const count = seen.get(counted) ?? 0;
  seen.set(counted, count + 1);
  const nth = filter.everyNth?.[counted] ?? 1;
  if (nth === 0 || count % nth !== 0) return false;
  const { index, of } = filter.part ?? { index: 0, of: 1 };
  return chosen++ % of === index;
}

// `npm run bench [-- ENTRIES]`: ratios against the reference and the bare runtime, measured side by side, medians of pairs.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setupReference } from './setup/reference.mjs';

const project = path.dirname(import.meta.dirname);
const entries = Number(process.argv[2] ?? 1_000_000);
const tool = path.join(project, 'bin/tsbpftool.js');
const pins = `/sys/fs/bpf/tsbpftool-bench-${process.pid}`;
const work = path.join(os.tmpdir(), `tsbpftool-bench-${process.pid}`);

const built = spawnSync(process.execPath, [path.join(project, 'scripts/build.mjs')], { stdio: 'inherit' });
if (built.status !== 0) process.exit(1);
const reference = setupReference(project, (line) => console.log(line));
if (typeof reference !== 'string' || !existsSync(reference)) throw new Error('there is no reference bpftool');
const { BpfMap, loadObject, openKernel, parseObject } = await import(path.join(project, 'dist/lib/index.js'));

/** Seconds of wall time and MiB of peak memory of one run; its output goes to `file`. */
function time(command, args, file = '/dev/null') {
  const out = openSync(file, 'w');
  const begin = process.hrtime.bigint();
  const run = spawnSync('/bin/sh', ['-c', 'exec "$@"', 'sh', command, ...args], { stdio: ['ignore', out, 'inherit'] });
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  closeSync(out);
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${run.status}`);
  return seconds;
}

/** Peak resident memory in MiB, read from the process itself at its end. */
function peak(args) {
  const script = `process.on('exit', () => { require('fs').writeSync(2, 'peak ' + process.resourceUsage().maxRSS + '\\n'); });`;
  const hook = path.join(work, 'peak.cjs');
  spawnSync('/bin/sh', ['-c', 'cat > "$1"', 'sh', hook], { input: script });
  const run = spawnSync(process.execPath, ['--require', hook, tool, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  return Number(/peak (\d+)/.exec(run.stderr.toString())?.[1] ?? 0) / 1024;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function compare(name, ours, theirs, { pairs, aim }) {
  const ratios = [];
  for (let i = 0; i < pairs; i++) ratios.push(theirs() / ours());
  rows.push([name, `${median(ratios).toFixed(2)}x`, aim]);
}

const rows = [];
mkdirSync(work, { recursive: true });
try {
  const node = () => time(process.execPath, ['-e', '0']);
  const show = () => time(process.execPath, [tool, 'map', 'show']);
  node();
  show();
  const starts = [];
  for (let i = 0; i < 9; i++) starts.push(show() / node());
  rows.push(['map show: start, against bare node', `${median(starts).toFixed(2)}x the time`, '<= 1.3x']);

  const kernel = openKernel();
  const spec = parseObject(readFileSync(path.join(project, 'test/fixtures/objects/bench.bpf.o')), {
    path: 'bench.bpf.o',
  });
  for (const map of spec.maps) if (map.name === 'bench') map.maxEntries = entries;
  const object = loadObject(kernel, spec);
  const map = new BpfMap(kernel, kernel.duplicate(object.map('bench').fd));
  const { keySize, valueSize } = map.info();
  const key = new Uint8Array(keySize);
  const value = new Uint8Array(valueSize);
  for (let i = 0; i < entries; i++) {
    new DataView(key.buffer).setUint32(0, i, true);
    for (let at = 0; at + 4 <= valueSize; at += 4)
      new DataView(value.buffer).setUint32(at, Math.imul(i + at, 2654435761), true);
    map.update(key, value);
  }
  map.pin(pins);
  for (const [mode, words] of [
    ['plain', []],
    ['-j', ['-j']],
    ['-p', ['-p']],
  ]) {
    const args = [...words, 'map', 'dump', 'pinned', pins];
    const [a, b] = [path.join(work, 'a'), path.join(work, 'b')];
    time(process.execPath, [tool, ...args], a);
    time(reference, args, b);
    const same = spawnSync('cmp', [a, b]).status === 0;
    compare(
      `map dump of ${entries} entries, ${mode}: faster than the reference (output ${same ? 'identical' : 'DIFFERS'})`,
      () => time(process.execPath, [tool, ...args]),
      () => time(reference, args),
      { pairs: 3, aim: '>= 6x' },
    );
    rows.push([`  peak memory, ${mode}`, `${peak(args).toFixed(0)} MiB`, '<= 120 MiB']);
  }
  map.close();
  object.close();
} finally {
  rmSync(pins, { force: true });
  rmSync(work, { recursive: true, force: true });
}
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, figure, aim] of rows) console.log(`${name.padEnd(width)}  ${figure.padStart(18)}  aim ${aim}`);

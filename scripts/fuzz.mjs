// `npm run test:fuzz [-- btf|objects|linker|kernel [RUNS [SEED [FROM]]]]`: many mutants of real files, in a process whose memory,
// and whose time for each mutant, are bounded: through the BTF library, through all that reads objects, through the linker and
// the generators (with a bound on memory for each), or into the running kernel (needs root). FUZZ_RUNS, FUZZ_SEED and FUZZ_FROM are other words for the numbers; FROM begins at a mutant
// that failed.
import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { project } from './lib/project.mjs';
import { insideSandbox, sandboxVariable } from './lib/sandbox.mjs';
import { noteSuccess } from './lib/suites.mjs';

const usual = { btf: 200_000, objects: 100_000, linker: 100_000, kernel: 3000 };
const [what = 'btf', ...numbers] = process.argv.slice(2);
if (!(what in usual) || numbers.some((word) => !/^\d+$/.test(word))) {
  console.error('usage: npm run test:fuzz [-- btf|objects|linker|kernel [RUNS [SEED [FROM]]]]');
  process.exit(2);
}
const runs = Number(numbers[0] ?? process.env.FUZZ_RUNS ?? usual[what]);
const seed = Number(numbers[1] ?? process.env.FUZZ_SEED ?? 1);
const from = Number(numbers[2] ?? process.env.FUZZ_FROM ?? 0);
/** Processor seconds for one mutant, seconds without any progress, MiB of heap and of memory. */
const limits = { mutant: what === 'kernel' ? 30 : 5, silence: 120, heap: 512, memory: 1024 };
if (what === 'kernel' && process.env[sandboxVariable] === undefined) {
  const [program, ...words] = insideSandbox([process.execPath, ...process.argv.slice(1)]);
  const env = { ...process.env, [sandboxVariable]: '1' };
  process.exit(spawnSync(program, words, { stdio: 'inherit', env }).status ?? 1);
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-fuzz-'));
try {
  process.exitCode = await run(await bundle());
  if (process.exitCode === 0 && runs >= usual[what] && from === 0) noteSuccess(`fuzz-${what}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function bundle() {
  const outfile = path.join(folder, 'worker.mjs');
  await build({
    entryPoints: [path.join(project, 'test/fuzz/worker.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['koffi'],
    // Paths in the sources are relative to themselves.
    define: {
      'import.meta.url': JSON.stringify(new URL('../test/fuzz/worker.ts', import.meta.url).href),
      'import.meta.filename': JSON.stringify(path.join(project, 'test/fuzz/worker.ts')),
      'import.meta.dirname': JSON.stringify(path.join(project, 'test/fuzz')),
    },
    logLevel: 'warning',
  });
  return outfile;
}

async function run(worker) {
  const words = [project, what, seed, from, from + runs, limits.mutant, limits.memory].map(String);
  const child = fork(worker, words, { execArgv: [`--max-old-space-size=${limits.heap}`, '--stack-size=984'] });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill('SIGKILL'));
  const started = Date.now();
  let at = from;
  let timer;
  let isSilent = false;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isSilent = true;
      child.kill('SIGKILL');
    }, limits.silence * 1000);
  };
  watch();
  let shown = from;
  child.on('message', (message) => {
    const { number, loaded, largestShare } = /** @type {{number: number, loaded: number, largestShare?: number}} */ (
      message
    );
    at = number;
    watch();
    if (at - shown < 10_000 && at !== from + runs) return;
    shown = at;
    if (largestShare) console.log(`large objects took at most ${largestShare.toFixed(1)} times their size in memory`);
    if (loaded > 0) console.log(`${loaded} of them were given to the kernel`);
    console.log(`${at - from} of ${runs} mutants, ${Math.round((Date.now() - started) / 1000)} s`);
  });
  const code = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(status ?? signal)));
  clearTimeout(timer);
  if (isSilent) console.error(`no progress for ${limits.silence} seconds after mutant ${at} of seed ${seed}`);
  else if (code !== 0) console.error(`ended with ${code}; the last mutant reported was ${at} of seed ${seed}`);
  return code === 0 ? 0 : 1;
}

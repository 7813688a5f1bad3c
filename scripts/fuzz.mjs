// `npm run test:fuzz`: many mutants of real files through the BTF library, in a process whose memory, and whose time for
// each mutant, are bounded. FUZZ_RUNS and FUZZ_SEED choose how many and which; FUZZ_FROM begins at one that failed.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const project = path.dirname(import.meta.dirname);
const runs = Number(process.env.FUZZ_RUNS ?? 200_000);
const seed = Number(process.env.FUZZ_SEED ?? 1);
const from = Number(process.env.FUZZ_FROM ?? 0);
/** Processor seconds for one mutant, seconds without any progress, MiB of heap and of memory. */
const limits = { mutant: 5, silence: 120, heap: 512, memory: 1024 };

const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-fuzz-'));
try {
  process.exitCode = await run(await bundle());
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
    // Paths in the sources are relative to themselves.
    define: { 'import.meta.url': JSON.stringify(new URL('../test/fuzz/worker.ts', import.meta.url).href) },
    logLevel: 'warning',
  });
  return outfile;
}

async function run(worker) {
  const words = [project, seed, from, from + runs, limits.mutant, limits.memory].map(String);
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
  child.on('message', ({ number }) => {
    at = number;
    watch();
    if (at - shown < 10_000 && at !== from + runs) return;
    shown = at;
    console.log(`${at - from} of ${runs} mutants, ${Math.round((Date.now() - started) / 1000)} s`);
  });
  const code = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(status ?? signal)));
  clearTimeout(timer);
  if (isSilent) console.error(`no progress for ${limits.silence} seconds after mutant ${at} of seed ${seed}`);
  else if (code !== 0) console.error(`ended with ${code}; the last mutant reported was ${at} of seed ${seed}`);
  return code === 0 ? 0 : 1;
}

// `npm run test:errno [-- CALLS]`: whether errno survives between a foreign call and its reading, on Node and on Bun, while memory
// is collected. Without CALLS 3,000,000 on each.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { installDependencies, project, runMain } from './lib/project.mjs';
import { ownRuntime } from './standalone/runtimes.mjs';

await runMain(main);

async function main() {
  installDependencies();
  const calls = process.argv[2] ?? '3000000';
  const folder = path.join(project, '.cache/errno');
  mkdirSync(folder, { recursive: true });
  let status = 0;
  for (const [name, runtime] of [
    ['node', process.execPath],
    ['bun', ownRuntime()],
  ]) {
    const file = path.join(folder, `${name}.mjs`);
    await bundle(file, { isBun: name === 'bun' });
    console.log(`${name}:`);
    if (spawnSync(runtime, [file, calls], { stdio: 'inherit' }).status !== 0) status = 1;
  }
  return status;
}

/** One file, with the foreign functions of the runtime that is to run it. */
async function bundle(outfile, { isBun }) {
  const bunFunctions = {
    name: 'foreign functions of Bun',
    setup(bundler) {
      bundler.onResolve({ filter: /\/ffi-koffi\.ts$/ }, () => ({ path: path.join(project, 'src/sys/ffi-bun.ts') }));
    },
  };
  await build({
    entryPoints: [path.join(project, 'scripts/errno/calls.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['koffi', '@koromix/*', 'bun:ffi'],
    plugins: isBun ? [bunFunctions] : [],
    logLevel: 'warning',
  });
}

// `npm run test:package [-- WORD…]`: the packed package as other people use it. Its declarations under TypeScript 5.4 to 7, in
// both ways to resolve modules, with and without Node's types; its code on Node 20 to 26 and Bun, imported, required and
// bundled, on the running kernel. WORDs choose: `types`, `runtimes`. Needs root and the npm registry.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build as bundle } from 'esbuild';
import { build, installDependencies, project, runMain, say } from './lib/project.mjs';
import { insideSandbox } from './lib/sandbox.mjs';
import { noteSuccess } from './lib/suites.mjs';
import { ownRuntime } from './standalone/runtimes.mjs';

const compilers = ['5.4', '5.6', '5.9', '6', '7'];
const nodes = ['22', '24', '26'];
const programs = path.join(project, 'scripts/package');

await runMain(main, { onFailure: () => console.log('0 passed, 1 failed, 0 skipped') });

async function main() {
  installDependencies();
  build();
  const home = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-package-'));
  const counts = { passed: 0, failed: 0 };
  const note = (name, { status, stdout, stderr }) => {
    counts[status === 0 ? 'passed' : 'failed']++;
    console.log(`${status === 0 ? 'passed' : 'FAILED'}  ${name}`);
    if (status !== 0) console.log(`${stdout}${stderr}`.trim().slice(0, 3000));
  };
  try {
    install(home, [pack(home)]);
    const chosen = process.argv.slice(2);
    if (chosen.length === 0 || chosen.includes('types')) checkTypes(home, note);
    if (chosen.length === 0 || chosen.includes('runtimes')) await runEverywhere(home, note);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`);
  if (counts.failed > 0) return 1;
  if (process.argv.length === 2) noteSuccess('package');
  return 0;
}

function pack(folder) {
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(execFileSync('npm', words, { cwd: project, encoding: 'utf8' }));
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  return path.join(folder, filename);
}

function install(folder, packages) {
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save'];
  execFileSync('npm', ['install', ...quiet, ...packages], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Each compiler has a folder of its own below: it finds the package above it, and its own types of Node or none. */
function checkTypes(home, note) {
  for (const version of compilers) {
    for (const withNode of [false, true]) {
      const folder = path.join(home, `typescript-${version}-${withNode ? 'node' : 'plain'}`);
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
      install(folder, [`typescript@${version}`, ...(withNode ? ['@types/node@20'] : [])]);
      copyFileSync(path.join(programs, 'use.ts'), path.join(folder, 'use.ts'));
      for (const resolution of ['nodenext', 'bundler']) {
        const options = {
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          skipLibCheck: false,
          noEmit: true,
          target: 'es2022',
          lib: ['es2022', 'esnext.disposable', ...(withNode ? [] : ['dom'])],
          module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
          moduleResolution: resolution,
          types: withNode ? ['node'] : [],
        };
        writeFileSync(
          path.join(folder, 'tsconfig.json'),
          JSON.stringify({ compilerOptions: options, files: ['use.ts'] }),
        );
        const name = `types: TypeScript ${version}, ${resolution}, ${withNode ? 'with' : 'without'} @types/node`;
        note(name, run([process.execPath, path.join(folder, 'node_modules/typescript/bin/tsc'), '-p', '.'], folder));
      }
    }
  }
}

async function runEverywhere(home, note) {
  for (const name of readdirSync(programs)) copyFileSync(path.join(programs, name), path.join(home, name));
  await bundle({
    entryPoints: [path.join(home, 'smoke.mjs')],
    outfile: path.join(home, 'bundled.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['koffi'],
    logLevel: 'error',
  });
  const runtimes = [['Node 20', process.execPath], ...nodes.map((version) => [`Node ${version}`, node(home, version)])];
  runtimes.push(['Bun', ownRuntime()]);
  for (const [name, runtime] of runtimes) {
    for (const file of ['smoke.mjs', 'smoke.cjs', 'bundled.mjs']) {
      note(`runs: ${name}, ${file}`, run(insideSandbox([runtime, file]), home));
    }
  }
}

function node(home, version) {
  const folder = path.join(home, `node-${version}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  say(`Node ${version}`);
  install(folder, [`node-linux-${process.arch}@${version}`]);
  const file = path.join(folder, `node_modules/node-linux-${process.arch}/bin/node`);
  if (!existsSync(file)) throw new Error(`no ${file}`);
  return file;
}

function run([program = '', ...argv], cwd) {
  return spawnSync(program, argv, { cwd, encoding: 'utf8', timeout: 120_000 });
}

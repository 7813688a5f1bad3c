// `npm run build [-- --outdir DIR]`: the command line (bundled, split by command) and the library (modules and types).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const project = path.dirname(import.meta.dirname);
const { values } = parseArgs({
  options: { outdir: { type: 'string', default: path.join(project, 'dist') }, 'cli-only': { type: 'boolean' } },
});
const outdir = path.resolve(values.outdir);

/**
 * Built-in modules by process.getBuiltinModule: importing node:fs as an ES module would also load its streams, which
 * costs a short run a tenth of its time.
 */
const builtins = {
  name: 'builtins',
  setup(bundler) {
    bundler.onResolve({ filter: /^node:/ }, ({ path: name }) => ({ path: name, namespace: 'builtin' }));
    bundler.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule('${name}');`,
    }));
  },
};

rmSync(path.join(outdir, 'cli'), { recursive: true, force: true });
await build({
  entryPoints: { main: path.join(project, 'src/main.ts') },
  outdir: path.join(outdir, 'cli'),
  // One file: modules that a command does not need are parsed lazily and never run.
  bundle: true,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // Names stay, for stack traces; every byte less is compiled sooner.
  minifyWhitespace: true,
  minifySyntax: true,
  charset: 'ascii',
  // As require(): the text is run as a script, which has no loader for import().
  supported: { 'dynamic-import': false },
  plugins: [builtins],
  define: { 'import.meta.url': '__moduleUrl' },
  banner: { js: "const __moduleUrl = 'file://' + __filename;" },
  logLevel: 'warning',
  legalComments: 'none',
});

keepCompiled();

/** Runs `compile.mjs`, which keeps what V8 compiled beside the text; see bin/load.js. */
function keepCompiled() {
  const file = path.join(outdir, 'cli/main.cjs');
  const text = readFileSync(file, 'latin1');
  writeFileSync(file, `//${createHash('sha256').update(text).digest('hex').slice(0, 32)}\n${text}`, 'latin1');
  const load = path.join(outdir, '../bin/load.js');
  if (load !== path.join(project, 'bin/load.js')) {
    mkdirSync(path.dirname(load), { recursive: true });
    for (const name of ['load.js', 'package.json', 'tsbpftool.js']) {
      copyFileSync(path.join(project, 'bin', name), path.join(path.dirname(load), name));
    }
  }
  const run = spawnSync(process.execPath, [path.join(project, 'scripts/build/compile.cjs'), load], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`compiling failed: ${run.stderr}`);
}

if (!values['cli-only'] && values.outdir === path.join(project, 'dist')) {
  rmSync(path.join(outdir, 'lib'), { recursive: true, force: true });
  const tsc = spawnSync(
    process.execPath,
    [path.join(project, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.lib.json'],
    {
      cwd: project,
      stdio: 'inherit',
    },
  );
  if (tsc.status !== 0) process.exit(tsc.status ?? 1);
}

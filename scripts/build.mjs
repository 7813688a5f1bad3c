// `npm run build [-- --outdir DIR]`: the command line (bundled, split by command) and the library (modules and types).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { buildLibrary } from './build/library.mjs';
import { withOwnBpffs } from './lib/sandbox.mjs';

const project = path.dirname(import.meta.dirname);
const { values } = parseArgs({
  options: { outdir: { type: 'string', default: path.join(project, 'dist') }, 'cli-only': { type: 'boolean' } },
});
const outdir = path.resolve(values.outdir);

/** Built-in modules that Node has loaded before the first line of a program runs. */
const loadedByNode = ['node:fs', 'node:path', 'node:process'];

/** Stands for a class: `new`, `instanceof` and static methods load it. */
const lazyClass = `const lazyClass = (load) => new Proxy(function () {}, {
  construct: (_, args) => new (load())(...args),
  get: (_, key) => load()[key],
});`;

/**
 * Built-in modules by process.getBuiltinModule: importing node:fs as an ES module would also load its streams, which
 * costs a short run a tenth of its time. Of other modules only functions and classes are had, and loaded when one is used.
 */
const builtins = {
  name: 'builtins',
  setup(bundler) {
    bundler.onResolve({ filter: /^node:/ }, ({ path: name }) => ({ path: name, namespace: 'builtin' }));
    bundler.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => {
      const exported = Object.entries(process.getBuiltinModule(name)).filter(([key]) => /^[a-z]\w*$/i.test(key));
      const load = `process.getBuiltinModule('${name}')`;
      const lines = loadedByNode.includes(name)
        ? exported.map(([key]) => `export const ${key} = /* @__PURE__ */ (() => ${load}.${key})();`)
        : exported
            .filter(([, value]) => typeof value === 'function')
            .map(([key]) =>
              /^[A-Z]/.test(key)
                ? `export const ${key} = /* @__PURE__ */ lazyClass(() => ${load}.${key});`
                : `export function ${key}(...args) { return ${load}.${key}(...args); }`,
            );
      return { contents: `export default /* @__PURE__ */ (() => ${load})();\n${lazyClass}\n${lines.join('\n')}` };
    });
  },
};

/** No module of ours does anything by being imported: what is only passed on by an index, and not used, is left out. */
const withoutEffects = {
  name: 'without-effects',
  setup(bundler) {
    bundler.onResolve({ filter: /^\./ }, async ({ path: file, pluginData, kind, resolveDir, importer }) => {
      if (pluginData === withoutEffects) return undefined;
      const found = await bundler.resolve(file, { kind, resolveDir, importer, pluginData: withoutEffects });
      return { ...found, sideEffects: false };
    });
  },
};

/**
 * Bundles of what one object's commands need, or one verb's: they run often, and the less text the sooner they start.
 * By name: the objects and verbs as main.ts and the families import them; all verbs where none is named. `without`: what
 * a verb needs for options that bin/tsbpftool.js runs from elsewhere.
 */
/**
 * The package leaves some of them out, to stay small (`files` in package.json): there the bundle of everything runs these words.
 * @type {Record<string, {object: string, verb?: string, also?: string, without?: string[]}>}
 */
const parts = {
  'prog-show': { object: 'prog', verb: 'show' },
  'prog-load': { object: 'prog', verb: 'load', without: ['./explain.ts', './use-loader.ts'] },
  map: { object: 'map', without: ['./chosen-types.ts', './docs.ts', './view.ts', './export.ts', './import.ts'] },
  'map-show': { object: 'map', verb: 'show' },
  'map-dump': { object: 'map', verb: 'dump', without: ['./view.ts'] },
  feature: { object: 'feature' },
  // With min_core_btf, which needs much the same.
  'gen-object': { object: 'gen', verb: 'object', also: 'min-core-btf' },
};

/**
 * Leaves out what only other commands need.
 * @param {{object: string, verb?: string, also?: string, without?: string[]}} part
 */
const only = ({ object, verb, also, without = [] }) => ({
  name: 'only',
  setup(bundler) {
    const isMeant = ({ path: file, importer }) => {
      if (importer.endsWith('/src/main.ts')) {
        return file === `./commands/${object}/family.ts`;
      }
      // What reads the options of declared commands: of one verb of the reference nobody asks for it.
      if (without.includes(file) || (verb !== undefined && file === './own/parse.ts')) return false;
      return verb === undefined || !importer.endsWith('/family.ts') || [`./${verb}.ts`, `./${also}.ts`].includes(file);
    };
    bundler.onResolve({ filter: /^\./ }, (imported) =>
      imported.kind !== 'dynamic-import' || isMeant(imported)
        ? undefined
        : { path: imported.path, namespace: 'left-out' },
    );
    // Who made a mistake at a terminal waits for the bundle of everything, which knows all words.
    bundler.onLoad({ filter: /\/mistakes\.ts$/, namespace: 'left-out' }, () => ({
      contents: `
        const all = { exports: {} };
        require(__dirname + '/main.cjs')(all.exports, require, all, __filename, __dirname);
        export const hintsOn = (ctx, line) => all.exports.hintsOn(ctx, line);`,
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path: file }) => ({
      contents: `throw new Error('${file} is not in this bundle'); export {};`,
    }));
  },
});

async function bundle(name, plugins) {
  await build({
    entryPoints: { [name]: path.join(project, 'src/main.ts') },
    outdir: path.join(outdir, 'cli'),
    // One file: modules that a command does not need are parsed lazily and never run.
    bundle: true,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    // Every byte less is read and compiled sooner, and the package stays small. The library keeps its names, for stack traces.
    minify: true,
    charset: 'ascii',
    // As require(): the text is run as a script, which has no loader for import().
    supported: { 'dynamic-import': false },
    plugins: [builtins, ...plugins, withoutEffects],
    define: { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname' },
    // Of an object's bundle: what is left out has no exports.
    logOverride: { 'import-is-undefined': 'silent' },
    logLevel: 'warning',
    legalComments: 'none',
  });
  const file = path.join(outdir, `cli/${name}.cjs`);
  const text = readFileSync(file, 'latin1');
  const id = createHash('sha256').update(text).digest('hex').slice(0, 32);
  writeFileSync(file, `//${id}\n${bodyBegins}${text}\n${bodyEnds}`, 'latin1');
}

/** As a script the text gives the function that it is the body of; as a module it exports that. */
const bodyBegins =
  '(function(f){if(typeof module==="object")module.exports=f;return f})((function(exports,require,module,__filename,__dirname){';
const bodyEnds = '}))';

rmSync(path.join(outdir, 'cli'), { recursive: true, force: true });
await Promise.all([bundle('main', []), ...Object.entries(parts).map(([name, part]) => bundle(name, [only(part)]))]);
for (const name of ['main', ...Object.keys(parts)]) keepCompiled(name);

/** Runs `compile.cjs`, which keeps what V8 compiled beside the text; see bin/tsbpftool.js. */
function keepCompiled(name) {
  const tool = path.join(outdir, '../bin/tsbpftool.js');
  if (tool !== path.join(project, 'bin/tsbpftool.js')) {
    mkdirSync(path.dirname(tool), { recursive: true });
    for (const file of ['package.json', 'tsbpftool.js']) {
      copyFileSync(path.join(project, 'bin', file), path.join(path.dirname(tool), file));
    }
  }
  const compile = [process.execPath, path.join(project, 'scripts/build/compile.cjs'), tool, name];
  const run = (command) =>
    spawnSync(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  // Maps and programs are made in a BPF file system of its own, which goes with it; where that may not be, without.
  const mounted = run(withOwnBpffs(compile));
  if (mounted.status === 0) return;
  const { status, stderr } = run(compile);
  if (status !== 0) throw new Error(`compiling failed: ${stderr}`);
}

if (!values['cli-only'] && values.outdir === path.join(project, 'dist')) await buildLibrary(path.join(outdir, 'lib'));

// The library: a module for each entry and what they share, and their declarations in the same shape, so that users' programs
// and compilers read few files and nothing that is not exported can be imported.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { project } from '../lib/project.mjs';

/** Entry of the package → its source below src/, without extension. */
const entries = { index: 'index', btf: 'btf/public', testing: 'fake/index' };

/** @param {string} folder */
export async function buildLibrary(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await Promise.all([writeModules(folder), writeDeclarations(folder)]);
}

async function writeModules(folder) {
  await build({
    entryPoints: Object.entries(entries).map(([out, source]) => ({ in: path.join(project, `src/${source}.ts`), out })),
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    charset: 'utf8',
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
    legalComments: 'none',
  });
  await Promise.all(
    readdirSync(folder)
      .filter((name) => name.endsWith('.js'))
      .map((name) => shortenLocalNames(path.join(folder, name))),
  );
}

/**
 * Gives short names to what functions have of their own. Names of functions, classes and methods stay, for stack traces: esbuild
 * leaves those of the outermost level alone in a script, which a module is without its imports and exports.
 */
async function shortenLocalNames(file) {
  const text = readFileSync(file, 'utf8');
  const exports = /(?:export\{[^}]*\}[^;]*;\s*)*$/.exec(text)?.[0] ?? '';
  /** @type {string[]} */
  const imports = [];
  // As esbuild writes them: texts of imports that are generated for others have spaces.
  const body = text
    .slice(0, text.length - exports.length)
    .replaceAll(/(?<=^|[;}])import(?:[^"'`;]*from)?"[^"]+";/g, (statement) => {
      imports.push(statement);
      return '';
    });
  const { code } = await transform(body, {
    minifyIdentifiers: true,
    minifyWhitespace: true,
    target: 'node20.19',
    charset: 'utf8',
    legalComments: 'none',
  });
  writeFileSync(file, `${imports.join('')}${code}${exports}`);
}

/** `Disposable` is not in the libraries that older settings name. */
const libraries = '/// <reference lib="esnext.disposable" />\n';

async function writeDeclarations(folder) {
  const loose = path.join(project, '.cache/declarations');
  rmSync(loose, { recursive: true, force: true });
  const words = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.lib.json', '--outDir', loose];
  const { status } = spawnSync(process.execPath, words, { cwd: project, stdio: 'inherit' });
  if (status !== 0) throw new Error('the declarations of the library have type errors');
  const bundle = await rollup({
    input: Object.fromEntries(
      Object.entries(entries).map(([name, source]) => [name, path.join(loose, `${source}.d.ts`)]),
    ),
    plugins: [dts()],
    external: /^node:/,
    onwarn: ({ message }) => {
      // What several entries mention stays in a shared file; that one of them exports it is checked below.
      if (!message.includes('private shared type exports')) throw new Error(`rolling up the declarations: ${message}`);
    },
  });
  const { output } = await bundle.generate({
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'shared.d.ts',
    minifyInternalExports: false,
  });
  checkExports(output.flatMap((file) => (file.type === 'chunk' ? [file] : [])));
  for (const file of output) {
    if (file.type !== 'chunk') continue;
    // Compilers that resolve as Node does ask for the modules' names in imports.
    const text = file.code.replaceAll(/(from '\.{1,2}\/[^']*?)(?:\.d)?(?:\.ts|\.js)?'/g, "$1.js'");
    checkNeeds(file.fileName, text);
    writeFileSync(path.join(folder, file.fileName), libraries + text);
  }
}

/** What needs Node's types, or a compiler newer than the oldest that is promised (typed arrays have a parameter since 5.7). */
function checkNeeds(name, text) {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const found = /from 'node:\w+'|\bNodeJS\.\w+|\bBuffer\b|\b\w+Array<ArrayBuffer\w*>/.exec(code);
  if (found !== null) throw new Error(`${name} mentions ${found[0]}, which not every user's compiler knows`);
}

/**
 * Whoever cannot name a type that a signature mentions has to write it again. Tables of numbers are no types: they are named
 * by the types that are made of them.
 * @param {{code: string, isEntry: boolean}[]} files
 */
function checkExports(files) {
  const exported = new Set();
  const declared = new Set();
  for (const { code, isEntry } of files) {
    for (const [, name] of code.matchAll(/^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type) (\w+)/gm)) {
      declared.add(name);
    }
    if (!isEntry) continue;
    for (const [, names = ''] of code.matchAll(/^ *export (?:type )?\{([^}]*)\}/gm)) {
      for (const word of names.split(',')) exported.add(/^\s*(?:type )?(\w+)/.exec(word)?.[1]);
    }
  }
  // Members of a namespace are named through it.
  const missing = [...declared].filter((name) => !exported.has(name) && !name.includes('_d_'));
  if (missing.length === 0) return;
  throw new Error(
    `types that public signatures mention and no entry exports (src/types.ts is for them): ${missing.join(', ')}`,
  );
}

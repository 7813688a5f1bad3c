#!/usr/bin/env node
// Runs the command line: of the bundles in dist/cli the one for one verb or one object where the first words name it in
// full, else that of everything. Compiling the text takes a fifth of a short run, so the build keeps what V8 compiled of
// it beside it: a file a bundle, good for the V8 that built it. Other versions have Node's own compile cache (22 and
// newer), or compile.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const folder = path.join(__dirname, '../dist/cli');
/** Characters of the build's id, which a bundle begins with (after `//`) and what was compiled of it too. */
const idLength = 32;
/** May stand before the object; none takes a value. */
const flag = /^-(?:[jpdfn]+|-json|-pretty|-debug)$/;
/** Verbs that are in the bundle of another. */
const verbsOf = { list: 'show', loadall: 'load', min_core_btf: 'object' };
/** Options that only the bundle of everything has, with some that look like one. */
const onlyInAll = /^-(?:[a-zA-Z]*[BVLSh]|-[abcehkltuvs]|-netns)/;

/** Verbs of maps that only the bundle of everything has: they run long. */
const longRuns = ['export', 'import'];

const textFile = (bundle) => path.join(folder, `${bundle}.cjs`);
const compiledFile = (bundle) => path.join(folder, `${bundle}.v8-${process.versions.v8}-${process.arch}`);

/** The smallest bundle that runs these words: an object's verb, an object, or all. */
function bundleOf(words) {
  const [object, verb] = words.filter((word) => !flag.test(word));
  if (words.some((word) => onlyInAll.test(word))) return 'main';
  if (object === 'map' && verb && longRuns.some((name) => name.startsWith(verb))) return 'main';
  for (const named of [`${object}-${verbsOf[verb] ?? verb}`, object]) {
    if (/^[a-z]+(?:-[a-z]+)?$/.test(named) && fs.existsSync(textFile(named))) return named;
  }
  return 'main';
}

/** The bundle as a script, with `kept`, what was compiled of it, where that is of this very text. */
function compile(bundle, kept) {
  const filename = textFile(bundle);
  const text = fs.readFileSync(filename, 'latin1');
  const isOfText = kept?.toString('latin1', 0, idLength) === text.slice(2, 2 + idLength);
  return {
    text,
    script: new vm.Script(text, { filename, cachedData: isOfText ? kept.subarray(idLength) : undefined }),
  };
}

/** What the build kept of a bundle; undefined if another version built it. */
function readKept(bundle) {
  try {
    return fs.readFileSync(compiledFile(bundle));
  } catch {
    return undefined;
  }
}

/** Runs what a bundle's text gives, a function like that around every module; answers what it exports. */
function run(bundle, body) {
  const inner = { exports: {} };
  body(inner.exports, require, inner, textFile(bundle), folder);
  return inner.exports;
}

let usesCompileCache = false;

/** Node 22 and newer have these functions. @returns {{enableCompileCache?(folder: string): void, flushCompileCache?(): void}} */
function compileCache() {
  usesCompileCache = true;
  // The types of Node 20, which lacks both.
  return /** @type {any} */ (require('node:module'));
}

function load(bundle) {
  const kept = readKept(bundle);
  if (kept !== undefined) return run(bundle, compile(bundle, kept).script.runInThisContext());
  // Not Node's default folder, which is in /tmp: what is compiled must be as safe from others as the program itself.
  compileCache().enableCompileCache?.(path.join(folder, 'compile-cache'));
  return run(bundle, require(textFile(bundle)));
}

/** For the build: as `load`; `keep` writes what has been compiled by then. */
function loadToKeep(bundle) {
  fs.rmSync(compiledFile(bundle), { force: true });
  const { text, script } = compile(bundle);
  const keep = () =>
    fs.writeFileSync(
      compiledFile(bundle),
      Buffer.concat([Buffer.from(text.slice(2, 2 + idLength)), script.createCachedData()]),
    );
  return { ...run(bundle, script.runInThisContext()), keep };
}

if (require.main === module) {
  const words = process.argv.slice(2);
  const name = process.argv[1].replace(/^.*\//, '').replace(/\.js$/, '');
  const { main, endProcess } = load(bundleOf(words));
  main(name, words).then((status) => {
    // The process ends without Node's own end, which would write what was compiled.
    if (usesCompileCache) compileCache().flushCompileCache?.();
    endProcess(status);
  });
} else {
  module.exports = { bundleOf, load, loadToKeep };
}

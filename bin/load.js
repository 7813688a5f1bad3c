// Loads the command line: what one verb or one object needs where the first words name it in full, else all of it.
// Compiling the text takes a fifth of a short run, so the build keeps what V8 compiled of it beside it: a file a bundle,
// good for the V8 that built it. Other versions have Node's own compile cache (22 and newer), or compile.
const fs = require('node:fs');
const nodeModule = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const folder = path.join(__dirname, '../dist/cli');
/** Characters of the build's id, which a bundle begins with (after `//`) and what was compiled of it too. */
const idLength = 32;
/** May stand before the object; none takes a value. */
const flag = /^-(?:[jpdfn]+|-json|-pretty|-debug)$/;

const textFile = (bundle) => path.join(folder, `${bundle}.cjs`);
const compiledFile = (bundle) => path.join(folder, `${bundle}.v8-${process.versions.v8}-${process.arch}`);

/** The smallest bundle that runs these words: an object's verb, an object, or all. */
exports.bundleOf = (words) => {
  const [object, verb] = words.filter((word) => !flag.test(word));
  for (const named of [`${object}-${verb}`, object]) {
    if (/^[a-z]+(?:-[a-z]+)?$/.test(named) && fs.existsSync(textFile(named))) return named;
  }
  return 'main';
};

/** The bundle as a script, with what is already compiled of it. */
function compile(bundle) {
  const filename = textFile(bundle);
  const text = fs.readFileSync(filename, 'latin1');
  let cachedData;
  try {
    const kept = fs.readFileSync(compiledFile(bundle));
    if (kept.toString('latin1', 0, idLength) === text.slice(2, 2 + idLength)) cachedData = kept.subarray(idLength);
  } catch {
    // built by another version
  }
  const wrapped = `(function(exports,require,module,__filename,__dirname){${text}\n})`;
  return { filename, text, script: new vm.Script(wrapped, { filename, cachedData }) };
}

function run({ filename, script }) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, nodeModule.createRequire(filename), module, filename, folder);
  return module.exports;
}

/** What the bundle exports. */
exports.load = (bundle) => {
  if (fs.existsSync(compiledFile(bundle))) return run(compile(bundle));
  // Not Node's default folder, which is in /tmp: what is compiled must be as safe from others as the program itself.
  nodeModule.enableCompileCache?.(path.join(folder, 'compile-cache'));
  return require(textFile(bundle));
};

/** For the build: as `load`; `keep` writes what has been compiled by then. */
exports.loadToKeep = (bundle) => {
  fs.rmSync(compiledFile(bundle), { force: true });
  const compiled = compile(bundle);
  const keep = () =>
    fs.writeFileSync(
      compiledFile(bundle),
      Buffer.concat([Buffer.from(compiled.text.slice(2, 2 + idLength)), compiled.script.createCachedData()]),
    );
  return { ...run(compiled), keep };
};

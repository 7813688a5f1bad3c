// Loads the command line. Compiling its text takes a fifth of a short run, so the build keeps what V8 compiled beside it:
// one file, good for the V8 that built it. Other versions have Node's own compile cache (22 and newer), or compile.
const fs = require('node:fs');
const nodeModule = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const folder = path.join(__dirname, '../dist/cli');
const file = path.join(folder, 'main.cjs');
const compiledFile = path.join(folder, `main.v8-${process.versions.v8}-${process.arch}`);
/** Characters of the build's id, which main.cjs begins with (after `//`) and what was compiled of it too. */
const idLength = 32;

/** The text as a script, with what is already compiled of it. */
function compile() {
  const text = fs.readFileSync(file, 'latin1');
  let cachedData;
  try {
    const kept = fs.readFileSync(compiledFile);
    if (kept.toString('latin1', 0, idLength) === text.slice(2, 2 + idLength)) cachedData = kept.subarray(idLength);
  } catch {
    // built by another version
  }
  const wrapped = `(function(exports,require,module,__filename,__dirname){${text}\n})`;
  return { text, script: new vm.Script(wrapped, { filename: file, cachedData }) };
}

function run(script) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, nodeModule.createRequire(file), module, file, folder);
  return module.exports;
}

/** What main.cjs exports. */
exports.load = () => {
  if (fs.existsSync(compiledFile)) return run(compile().script);
  // Not Node's default folder, which is in /tmp: what is compiled must be as safe from others as the program itself.
  nodeModule.enableCompileCache?.(path.join(folder, 'compile-cache'));
  return require(file);
};

/** For the build: as `load`; `keep` writes what has been compiled by then. */
exports.loadToKeep = () => {
  fs.rmSync(compiledFile, { force: true });
  const { text, script } = compile();
  const keep = () =>
    fs.writeFileSync(
      compiledFile,
      Buffer.concat([Buffer.from(text.slice(2, 2 + idLength)), script.createCachedData()]),
    );
  return { ...run(script), keep };
};

// Runs what most commands have in common, so that its functions are compiled, and keeps them. Argument: bin/load.js.
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { loadToKeep } = require(process.argv[2]);

const objects = path.resolve(__dirname, '../../test/fixtures/objects');
const object = path.join(
  objects,
  readdirSync(objects).find((name) => name.endsWith('.o')),
);
const { main, keep } = loadToKeep();

/** They read files, or list what the kernel has; where it refuses, that is as good. */
const commands = [
  ['version'],
  ['map', 'show'],
  ['-j', 'map', 'show'],
  ['map', 'dump', 'name', 'none'],
  ['prog', 'show'],
  ['link', 'show'],
  ['btf', 'dump', 'file', object],
  ['-j', 'btf', 'dump', 'file', object],
  ['btf', 'dump', 'file', object, 'format', 'c'],
];

(async () => {
  for (const words of commands) await main('tsbpftool', words);
  keep();
  process.exit(0);
})();

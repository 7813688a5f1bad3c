#!/usr/bin/env node
const nodeModule = require('node:module');
nodeModule.enableCompileCache?.();
const { main } = require('../dist/cli/main.cjs');
const name = process.argv[1].replace(/^.*\//, '').replace(/\.js$/, '');
main(name, process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});

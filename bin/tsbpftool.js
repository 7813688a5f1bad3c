#!/usr/bin/env node
const { main } = require('./load.js').load();
const name = process.argv[1].replace(/^.*\//, '').replace(/\.js$/, '');
main(name, process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});

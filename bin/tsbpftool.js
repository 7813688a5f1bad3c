#!/usr/bin/env node
const { bundleOf, load } = require('./load.js');
const words = process.argv.slice(2);
const name = process.argv[1].replace(/^.*\//, '').replace(/\.js$/, '');
load(bundleOf(words))
  .main(name, words)
  .then((status) => {
    process.exitCode = status;
  });

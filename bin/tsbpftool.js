#!/usr/bin/env node
import { basename } from 'node:path';
import module from 'node:module';

module.enableCompileCache?.();
const { main } = await import('../dist/cli/main.js');
process.exitCode = await main(basename(process.argv[1]).replace(/\.js$/, ''), process.argv.slice(2));

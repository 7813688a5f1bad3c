// What every script of this folder does: finds the project, installs its packages, builds, prints what it sets up, ends.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './setup-error.mjs';

export const project = path.resolve(import.meta.dirname, '../..');

/** The program as its users start it. */
export const tool = path.join(project, 'bin/tsbpftool.js');

/** @param {string} line */
export const say = (line) => console.log(`set-up: ${line}`);

/**
 * Runs a script's `main` and ends the process with the status it answers. A SetupError is printed as one line, since its
 * text is meant for the person who started the script; after any failure the status is 1.
 * @param {() => number | Promise<number>} main
 * @param {{onFailure?: () => void}} [options] `onFailure` prints what a reader of the output expects at its end
 * @returns {Promise<never>}
 */
export async function runMain(main, { onFailure } = {}) {
  let status = 1;
  try {
    status = await main();
  } catch (error) {
    console.error(error instanceof SetupError ? `set-up: ${error.message}` : error);
    onFailure?.();
  }
  process.exit(status);
}

/**
 * Runs a step of the set-up in the project's folder, with its output on the terminal.
 * @param {string} program
 * @param {string[]} argv
 */
export function runStep(program, argv) {
  const result = spawnSync(program, argv, { cwd: project, stdio: 'inherit' });
  if (result.status !== 0) throw new SetupError(`${program} ${argv.join(' ')} failed`);
}

/** Installs the npm dependencies of a fresh clone. */
export function installDependencies() {
  if (existsSync(path.join(project, 'node_modules/.package-lock.json'))) return;
  say('installing the npm dependencies (npm ci)');
  runStep('npm', ['ci', '--no-audit', '--no-fund']);
}

/** @param {{cliOnly?: boolean}} [options] `cliOnly` leaves the library out */
export function build({ cliOnly = false } = {}) {
  runStep(process.execPath, ['scripts/build.mjs', ...(cliOnly ? ['--cli-only'] : [])]);
}

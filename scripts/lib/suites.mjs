// Which long runs succeeded on which commit: a release asks for all of them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { project } from './project.mjs';

/** Suite → the command that runs all of it. */
export const suites = {
  test: 'npm run test:all',
  kernels: 'npm run test:kernels',
  properties: 'npm run test:properties',
  'fuzz-btf': 'npm run test:fuzz -- btf',
  'fuzz-objects': 'npm run test:fuzz -- objects',
  'fuzz-linker': 'npm run test:fuzz -- linker',
  'fuzz-kernel': 'npm run test:fuzz -- kernel',
  faults: 'npm run test:faults',
  package: 'npm run test:package',
  'corpus-btf': 'npm run test:corpus -- btf',
  'corpus-load': 'npm run test:corpus -- load',
  'corpus-skeleton': 'npm run test:corpus -- skeleton',
  'corpus-gen': 'npm run test:corpus -- gen',
};

/** The commit of the work tree, undefined where it has changes or is no checkout. */
export function cleanCommit() {
  const git = (...words) => spawnSync('git', words, { cwd: project, encoding: 'utf8' });
  const status = git('status', '--porcelain');
  if (status.status !== 0 || status.stdout !== '') return undefined;
  return git('rev-parse', 'HEAD').stdout.trim();
}

const recordOf = (suite) => path.join(project, '.cache/suites', `${suite}.json`);

/**
 * Notes that all of a suite succeeded now. A run of a changed tree is not noted, since nobody could tell of what it was.
 * @param {string} suite
 */
export function noteSuccess(suite) {
  if (!Object.hasOwn(suites, suite)) throw new Error(`no release asks for '${suite}'`);
  const commit = cleanCommit();
  if (commit === undefined) return;
  mkdirSync(path.dirname(recordOf(suite)), { recursive: true });
  writeFileSync(recordOf(suite), `${JSON.stringify({ commit, at: new Date().toISOString() })}\n`);
}

/** The commit that a suite last succeeded on, undefined where it never did here. */
export function lastSuccess(suite) {
  try {
    return JSON.parse(readFileSync(recordOf(suite), 'utf8')).commit;
  } catch {
    return undefined;
  }
}

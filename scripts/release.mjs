// `npm run release -- VERSION`: puts what is published of a version into dist/release/VERSION, after checking that the tree is clean,
// that package.json, the lock file and the changelog have the version, and that every suite succeeded on this very commit.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { project, runMain, runStep } from './lib/project.mjs';
import { cleanCommit, lastSuccess, suites } from './lib/suites.mjs';

await runMain(main);

function main() {
  const [version = '', ...more] = process.argv.slice(2);
  if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version) || more.length > 0) {
    console.error('usage: npm run release -- VERSION');
    return 2;
  }
  const problems = problemsOf(version);
  for (const problem of problems) console.error(`release: ${problem}`);
  if (problems.length > 0) return 1;
  const folder = path.join(project, 'dist/release', version);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  runStep('npm', ['pack', '--pack-destination', folder]);
  // Its sums are those of all that is in the folder.
  const targets = ['--target', 'x64', '--target', 'arm64'];
  runStep(process.execPath, ['scripts/standalone.mjs', '--outdir', folder, ...targets]);
  for (const name of readdirSync(folder).sort()) console.log(path.join(path.relative(process.cwd(), folder), name));
  return 0;
}

/** Everything that is not as it must be, so that one run names all of it. */
function problemsOf(version) {
  const problems = [];
  const commit = cleanCommit();
  if (commit === undefined) problems.push('the work tree has changes: commit or remove them');
  const read = (name) => readFileSync(path.join(project, name), 'utf8');
  for (const name of ['package.json', 'package-lock.json']) {
    const found = JSON.parse(read(name)).version;
    if (found !== version) problems.push(`${name} says ${found}: npm version --no-git-tag-version ${version}`);
  }
  if (!new RegExp(`^## ${version.replaceAll('.', '\\.')}(?: |$)`, 'm').test(read('CHANGELOG.md'))) {
    problems.push(`CHANGELOG.md has no heading '## ${version}'`);
  }
  const tag = spawnSync('git', ['rev-parse', '-q', '--verify', `refs/tags/v${version}`], { cwd: project });
  if (tag.status === 0) problems.push(`the tag v${version} exists already`);
  for (const [suite, command] of Object.entries(suites)) {
    const last = lastSuccess(suite);
    if (last === undefined) problems.push(`'${command}' has not succeeded here`);
    else if (last !== commit)
      problems.push(`'${command}' last succeeded on ${last.slice(0, 12)}, which is not this commit`);
  }
  return problems;
}

// `npm test [-- VITEST ARGUMENTS]`: does its own set-up from a fresh clone, runs every test this machine allows, says
// what was left out and why, and ends with one line `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './setup/apt.mjs';
import { missingForKernelTests } from './setup/capabilities.mjs';
import { setupPackages, testPrograms } from './setup/packages.mjs';
import { setupReference } from './setup/reference.mjs';

const project = path.dirname(import.meta.dirname);
const pure = ['unit', 'golden', 'fuzz', 'architecture'];
const live = ['parity', 'kernel'];
const extra = process.argv.slice(2);

const say = (line) => console.log(`set-up: ${line}`);
let code = 1;
try {
  code = main();
} catch (error) {
  console.error(error instanceof SetupError ? `set-up: ${error.message}` : error);
  console.log('0 passed, 1 failed, 0 skipped');
}
process.exit(code);

function main() {
  if (!existsSync(path.join(project, 'node_modules/.package-lock.json'))) {
    say('installing the npm dependencies (npm ci)');
    run('npm', ['ci', '--no-audit', '--no-fund']);
  }
  run(process.execPath, ['scripts/build.mjs']);

  /** Project → why it does not run here. */
  const leftOut = new Map();
  const missing = missingForKernelTests();
  if (missing) for (const name of live) leftOut.set(name, missing);
  else {
    attempt('packages', () => {
      const absent = setupPackages(testPrograms, say);
      if (absent.length > 0) say(`tests that call ${absent.join(', ')} will be skipped`);
    });
  }
  if (!leftOut.has('parity')) {
    const told = attempt('reference bpftool', () => setupReference(project, say));
    if (told) leftOut.set('parity', `there is no reference bpftool: ${told}`);
  }

  const projects = [...pure, ...live].filter((name) => !leftOut.has(name));
  const counts = runVitest(projects);
  for (const [name, reason] of leftOut) {
    const count = listTests(name);
    counts.skipped += count;
    console.log(`left out: ${count} tests of ${name}, because ${reason}`);
  }
  for (const [reason, count] of counts.reasons) console.log(`skipped: ${count} tests (${reason})`);
  if (counts.passed + counts.failed === 0) {
    console.error('no test ran');
    counts.failed = 1;
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed > 0 ? 1 : 0;
}

/** Runs a step whose failure leaves tests out but does not end the run; answers what went wrong. */
function attempt(name, step) {
  try {
    step();
    return undefined;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${name}: ${error.message}`);
    return error.message.split('\n')[0];
  }
}

function runVitest(projects) {
  const report = path.join(project, '.cache/test-report.json');
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const result = vitest(
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...select(projects), ...extra],
    'inherit',
  );
  const counts = { passed: 0, failed: 0, skipped: 0, reasons: new Map() };
  if (existsSync(report)) {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    for (const file of testResults) {
      if (file.status === 'failed' && file.assertionResults.length === 0) counts.failed++;
      for (const test of file.assertionResults) {
        if (test.status === 'passed') counts.passed++;
        else if (test.status === 'failed') counts.failed++;
        else counts.skipped++;
      }
    }
  }
  // Errors outside tests (unhandled rejections, a broken global set-up) fail the run without failing a test.
  if (result.status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function listTests(name) {
  const result = vitest(['list', '--json', ...select([name])], 'pipe');
  try {
    return JSON.parse(result.stdout.slice(result.stdout.indexOf('['))).length;
  } catch {
    return 0;
  }
}

function select(projects) {
  return projects.map((name) => `--project=${name}`);
}

function vitest(argv, stdio) {
  return spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...argv], {
    cwd: project,
    stdio: stdio === 'pipe' ? ['ignore', 'pipe', 'inherit'] : stdio,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
}

function run(program, argv) {
  const result = spawnSync(program, argv, { cwd: project, stdio: 'inherit' });
  if (result.status !== 0) throw new SetupError(`${program} ${argv.join(' ')} failed`);
}

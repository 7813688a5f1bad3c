// `npm test [-- VITEST ARGUMENTS]`: does its own set-up from a fresh clone, runs the tests this machine allows, says
// what was left out and why, and ends with one line `N passed, N failed, N skipped`. Without arguments it is a share that
// takes a quarter of an hour: each command line in one format, and no file of `longFiles`. `npm run test:all` is everything.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, installDependencies, project, runMain, runStep, say } from './lib/project.mjs';
import { insideSandbox, sandboxVariable } from './lib/sandbox.mjs';
import { SetupError } from './lib/setup-error.mjs';
import { noteSuccess } from './lib/suites.mjs';
import { missingForKernelTests } from './setup/capabilities.mjs';
import { setupPackages, testPrograms } from './setup/packages.mjs';
import { referencePath, setupReference } from './setup/reference.mjs';

const pure = ['unit', 'golden', 'fuzz', 'architecture'];
const live = ['parity', 'kernel'];
const isAll = process.argv.includes('--all');
const extra = process.argv.slice(2).filter((word) => word !== '--all');
const isShare = !isAll && extra.length === 0;
/** What takes minutes: real shells, many objects, damaged objects, many files, every word of a verb. */
const longFiles = [
  'parity/gen-skeleton',
  'parity/odd-objects',
  'parity/object-strictness',
  'parity/linked-programs',
  'parity/link-objects',
  'parity/btf-merge',
  'parity/map-words',
  'parity/map-types',
  'parity/schema',
  'kernel/c-skeleton',
  'kernel/inventory-pairs',
  'kernel/inventory-views',
  'kernel/long-runs',
  'kernel/completion',
  'kernel/manual-examples',
  'kernel/inventory-churn',
  'kernel/large',
  'kernel/object-mutants',
  'kernel/call-memory',
  'kernel/typed-maps',
  'kernel/ls',
];
/** What is run of the standalone file too: words, options, batches, ends by signals and full disks, links. */
const standaloneShare = [...(isShare ? [] : ['cli']), 'endings', 'link'].map((name) => `test/parity/${name}.test.ts`);

/** What failed, named once more at the end: the start of a long log is seldom kept. */
const failed = [];

await runMain(main, { onFailure: () => console.log('0 passed, 1 failed, 0 skipped') });

function main() {
  installDependencies();
  build();

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

  const counts = { passed: 0, failed: 0, skipped: 0 };
  const wanted = extra.find((word) => word.startsWith('--project='))?.slice('--project='.length);
  for (const names of [pure, live]) {
    const projects = names.filter((name) => !leftOut.has(name) && (wanted === undefined || wanted === name));
    if (projects.length > 0) add(counts, runVitest(projects, { isLive: names === live }));
  }
  if (extra.length === 0 && !leftOut.has('parity')) add(counts, tryStandalone());
  if (isShare) say(`a share: npm run test:all runs all formats of each command, and ${longFiles.join(', ')}`);
  for (const name of failed) console.log(`failed: ${name}`);
  for (const [name, reason] of leftOut) {
    const count = listTests(name);
    counts.skipped += count;
    console.log(`left out: ${count} tests of ${name}, because ${reason}`);
  }
  if (counts.passed + counts.failed === 0) {
    console.error('no test ran');
    counts.failed = 1;
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed > 0) return 1;
  // All of it: nothing was chosen, and nothing left out for want of rights.
  if (isAll && extra.length === 0 && leftOut.size === 0) noteSuccess('test');
  return 0;
}

/** A share of the parity tests on the standalone file, in place of the program on Node; a failure to make it is one. */
function tryStandalone() {
  const folder = path.join(project, '.cache/standalone');
  rmSync(folder, { recursive: true, force: true });
  const told = attempt('the standalone file', () =>
    runStep(process.execPath, ['scripts/standalone.mjs', '--file-only', '--outdir', folder]),
  );
  if (told !== undefined) {
    failed.push(`the standalone file: ${told}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const file = path.join(folder, readdirSync(folder)[0] ?? '');
  say(`parity of ${path.basename(file)}: ${standaloneShare.join(', ')}`);
  return runVitest(['parity'], { isLive: true, files: standaloneShare, env: { TSBPFTOOL: file } });
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

/** Runs some of vitest's projects and counts; tests that meet the kernel run in namespaces of their own. */
function runVitest(projects, { isLive, files = others(), env = {} }) {
  const report = path.join(project, `.cache/test-report-${isLive ? 'live' : 'pure'}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const before = isLive ? objectsOfTests() : undefined;
  const result = vitest(
    [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...select(projects),
      ...files,
      ...leftOutFiles(),
    ],
    { isLive, stdio: 'inherit', env },
  );
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (existsSync(report)) {
    for (const file of JSON.parse(readFileSync(report, 'utf8')).testResults) {
      const name = path.relative(project, file.name);
      if (file.status === 'failed' && file.assertionResults.length === 0) fail(counts, `${name}: ${file.message}`);
      for (const test of file.assertionResults) {
        if (test.status === 'passed') counts.passed++;
        else if (test.status === 'failed') {
          fail(counts, [name, test.fullName, ...test.failureMessages].join('\n  ').slice(0, 1500));
        } else counts.skipped++;
      }
    }
  }
  // Errors outside tests (unhandled rejections, a broken global set-up) fail the run without failing a test.
  if (result.status !== 0 && counts.failed === 0) fail(counts, `vitest ended with ${result.status ?? result.signal}`);
  if (isLive) {
    const left = leftBehind(before);
    if (left.length > 0) {
      fail(counts, `left in the kernel after the tests: ${left.join(', ')}`);
    } else {
      counts.passed++;
    }
  }
  return counts;
}

function fail(counts, what) {
  counts.failed++;
  failed.push(what);
}

function listTests(name) {
  const result = vitest(['list', '--json', ...select([name])], { isLive: false, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    return JSON.parse(result.stdout.slice(result.stdout.indexOf('['))).length;
  } catch {
    return 0;
  }
}

function add(total, counts) {
  for (const key of Object.keys(total)) total[key] += counts[key];
}

function others() {
  return extra.filter((word) => !word.startsWith('--project='));
}

/** @returns {string[]} */
function leftOutFiles() {
  return isShare ? longFiles.flatMap((file) => ['--exclude', `test/${file}.test.ts`]) : [];
}

function select(projects) {
  return projects.map((name) => `--project=${name}`);
}

function vitest(argv, { isLive, stdio, env = {} }) {
  const words = [process.execPath, 'node_modules/vitest/vitest.mjs', ...argv];
  const [program = '', ...rest] = isLive ? oneAtATime(insideSandbox(words)) : words;
  return spawnSync(program, rest, {
    cwd: project,
    stdio,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      ...(isShare ? { TSBPFTOOL_TESTS: 'share' } : {}),
      ...env,
      ...(isLive ? { [sandboxVariable]: '1' } : {}),
    },
  });
}

/**
 * Ids and names of BPF objects are those of the whole machine: two runs at once would find each other's objects.
 * @param {string[]} words
 */
function oneAtATime(words) {
  return ['flock', '--close', path.join(os.tmpdir(), 'live-tests-of-tsbpftool.lock'), ...words];
}

/** Maps and programs whose names say that a test made them, cgroups of tests, and folders of tests. */
function objectsOfTests() {
  const found = [];
  const ours = /^(p_|t_|tsb)/;
  for (const kind of ['map', 'prog']) {
    const listed = spawnSync(referencePath(project), ['-j', kind, 'show'], { encoding: 'utf8' });
    try {
      for (const object of JSON.parse(listed.stdout)) {
        if (ours.test(object.name ?? '')) found.push(`${kind} ${object.id} ${object.name}`);
      }
    } catch {
      // No reference: nothing was made either.
    }
  }
  for (const mount of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, folder, type] = mount.split(' ');
    if (folder?.includes('/tsbpftool-')) found.push(`mount ${folder}`);
    if (type !== 'cgroup2') continue;
    for (const name of readdirSync(folder)) if (ours.test(name)) found.push(`cgroup ${folder}/${name}`);
  }
  if (existsSync('/run/netns')) {
    for (const name of readdirSync('/run/netns')) if (name.startsWith('tnt_')) found.push(`network namespace ${name}`);
  }
  for (const name of readdirSync(os.tmpdir())) if (/^tsbpftool-/.test(name)) found.push(path.join(os.tmpdir(), name));
  return found;
}

/** What is there now and was not before the tests; the kernel frees objects a moment after their last use. */
function leftBehind(before) {
  for (let attempt = 0; ; attempt++) {
    const left = objectsOfTests().filter((name) => !before.includes(name));
    if (left.length === 0 || attempt === 50) return left;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

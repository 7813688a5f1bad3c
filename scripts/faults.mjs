// `npm run test:faults [-- CASE…]`: loads objects with one bpf(2) call after another failing, in the whole program, by
// strace. Each run must end in success or a clear error, without a stack trace, and leave nothing behind. Needs root.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cases, namesOf } from './faults/cases.mjs';
import { pinsBelow, removeAll, ObjectsByName } from './faults/leftovers.mjs';
import { build, project, say, tool } from './lib/project.mjs';
import { insideSandbox, sandboxVariable } from './lib/sandbox.mjs';
import { noteSuccess } from './lib/suites.mjs';
import { setupPackages, testPrograms } from './setup/packages.mjs';

const errors = ['ENOMEM', 'EPERM', 'EINVAL', 'E2BIG'];
const pins = '/sys/fs/bpf';
const wanted = process.argv.slice(2);

if (process.env[sandboxVariable] === undefined) process.exit(prepare());

const work = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-faults-'));
const temporary = path.join(work, 'temporary');
mkdirSync(temporary);
let runs = 0;
const problems = [];
try {
  const objects = await ObjectsByName.open(project);
  for (const one of cases(project)) {
    if (wanted.length === 0 || wanted.includes(one.name)) await sweep(one, objects);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${runs} runs, ${problems.length} problems`);
if (problems.length > 0 || runs === 0) process.exit(1);
if (wanted.length === 0) noteSuccess('faults');
process.exit(0);

/** Builds, installs strace and starts this script again in namespaces of its own; answers its exit status. */
function prepare() {
  if (setupPackages({ strace: testPrograms.strace }, say).length > 0) return 1;
  build();
  const [program, ...words] = insideSandbox([process.execPath, ...process.argv.slice(1)]);
  const { status } = spawnSync(program, words, {
    stdio: 'inherit',
    env: { ...process.env, [sandboxVariable]: '1' },
  });
  return status ?? 1;
}

/** Fails each of a command's calls in turn with each error. */
async function sweep(one, objects) {
  const names = await namesOf(project, one.object);
  const known = objects.matching(names);
  const trace = path.join(work, 'trace');
  const whole = run(one, ['-o', trace]);
  const expected = pinsBelow(pins);
  removeAll(pins);
  report(one, 'without a fault', objects.left(names, known));
  const calls = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => line.includes('bpf(')).length;
  if (calls === 0 || whole.status !== 0) {
    report(one, 'without a fault', [`ended with ${whole.status}: ${whole.output}`]);
    return;
  }
  const ends = { success: 0, failure: 0 };
  for (let call = 1; call <= calls; call++) {
    for (const error of errors) {
      const result = run(one, ['-o', '/dev/null', '-e', `inject=bpf:error=${error}:when=${call}`]);
      const found = pinsBelow(pins);
      removeAll(pins);
      ends[result.status === 0 ? 'success' : 'failure']++;
      report(one, `call ${call} of ${calls}, ${error}`, [
        ...wrongEnd(result),
        ...wrongPins(result, { found, expected }),
        ...objects.left(names, known),
        ...readdirSync(temporary).map((name) => `left in the temporary folder: ${name}`),
      ]);
    }
  }
  console.log(`${one.name}: ${calls} calls, ${ends.success} runs went on, ${ends.failure} ended with an error`);
}

function run(one, options) {
  const mountsBefore = readFileSync('/proc/self/mounts', 'utf8');
  const words = [
    '-f',
    '-qq',
    '--seccomp-bpf',
    '-e',
    'trace=bpf',
    ...options,
    process.execPath,
    tool,
    ...one.argv(pins),
  ];
  const env = { ...process.env, TMPDIR: temporary };
  const result = spawnSync('strace', words, { encoding: 'utf8', timeout: 60_000, env });
  runs++;
  const hasMounts = readFileSync('/proc/self/mounts', 'utf8') !== mountsBefore;
  return { status: result.status, signal: result.signal, output: result.stdout + result.stderr, hasMounts };
}

function wrongEnd({ status, signal, output, hasMounts }) {
  const wrong = [];
  // What went wrong with a loader program is told with its errno, of which the exit status is the low byte.
  const ofLoader = /^err (-\d+)\nfailed to /.exec(output);
  if (ofLoader) {
    const due = Number(ofLoader[1]) & 0xff;
    if (status !== due) wrong.push(`ended with ${status ?? signal} instead of ${due}: ${output}`);
    return wrong;
  }
  if (status !== 0 && status !== 255) wrong.push(`ended with ${status ?? signal}: ${output}`);
  // Where libbpf has said what failed, some commands add nothing.
  if (status === 255 && !/^(Error: \S|libbpf: .*(fail|Error))/m.test(output)) wrong.push(`no error is told: ${output}`);
  if (/^ {4}at |node:internal|(Type|Range|Reference|Syntax)Error/m.test(output)) wrong.push(`a crash: ${output}`);
  if (hasMounts) wrong.push('mounts differ');
  return wrong;
}

/** A failed command leaves no pins; one that went on has made all that it makes without a fault. */
function wrongPins({ status, output }, { found, expected }) {
  // A registration that cannot be named is given up, without being a failure, as the reference has it.
  const isGivenUp = output.includes("but can't find id");
  const due = status === 0 && !isGivenUp ? expected : [];
  return found.join(' ') === due.join(' ')
    ? []
    : [`pins: ${found.join(' ') || 'none'}; due: ${due.join(' ') || 'none'}`];
}

function report(one, where, wrong) {
  for (const what of wrong) {
    problems.push(what);
    console.error(`${one.name}, ${where}: ${what}`);
  }
}

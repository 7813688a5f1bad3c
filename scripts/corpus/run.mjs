// Starts programs and keeps all they say.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** No run of the corpus takes longer, not even under emulation. */
const limit = 10 * 60_000;

/** Words that start the reference and ours; ours runs under the name `bpftool`, as a drop-in does. */
export function programs(project, reference, work) {
  mkdirSync(work, { recursive: true });
  const link = path.join(work, 'bpftool');
  rmSync(link, { force: true });
  symlinkSync(path.join(project, 'bin/tsbpftool.js'), link);
  return { reference: [reference], ours: [process.execPath, link] };
}

/**
 * Runs a program to its end.
 * @param {string[]} program
 * @param {string[]} argv
 * @param {{input?: string | Uint8Array, cwd?: string}} [options]
 * @returns {Promise<{stdout: Buffer, stderr: Buffer, status: number | string}>} `status`: of the exit, or the signal
 */
export function run(program, argv, { input = '', cwd } = {}) {
  const [file, ...words] = [...program, ...argv];
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, {
      cwd,
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC', NODE_NO_WARNINGS: '1' },
      timeout: limit,
      killSignal: 'SIGKILL',
    });
    /** @type {Buffer[]} */
    const stdout = [];
    /** @type {Buffer[]} */
    const stderr = [];
    child.stdout.on('data', (piece) => stdout.push(piece));
    child.stderr.on('data', (piece) => stderr.push(piece));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), status: code ?? signal ?? '' }),
    );
  });
}

/** Where two texts first differ, as two lines to read; undefined when they are equal. */
export function firstDifference(reference, ours) {
  if (Buffer.compare(reference, ours) === 0) return undefined;
  let at = 0;
  while (at < reference.length && reference[at] === ours[at]) at++;
  const line = (bytes) => {
    const start = at === 0 ? 0 : bytes.lastIndexOf(10, at - 1) + 1;
    const end = bytes.indexOf(10, at);
    return JSON.stringify(bytes.toString('latin1', start, Math.min(end < 0 ? bytes.length : end, start + 300)));
  };
  return `byte ${at}\n    reference: ${line(reference)}\n    ours:      ${line(ours)}`;
}

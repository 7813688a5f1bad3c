// What `trace` costs: the traced program beside strace and beside itself untraced, everybody else's system calls, and the tracer.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tool } from '../lib/project.mjs';

/**
 * @typedef {object} Bench
 * @property {any} library what the package exports
 * @property {(name: string, figure: string, aim: string) => void} tell prints a row
 * @property {(list: number[]) => number} median
 * @property {(pid: number) => number} processorOf milliseconds of processor that a process has had
 * @property {string} folder for files
 */

const calls = 100_000;
const otherCalls = 2_000_000;

/**
 * `MODE COUNT`: waits for a byte on its input, does COUNT updates of an array (`updates`) or COUNT getppid(2) (`others`), and says
 * what they took: nanoseconds of wall time, of processor. Ends with its input. Without words: the time of day in nanoseconds.
 */
const source = `
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static unsigned long long at(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}
int main(int n, char **words)
{
	if (n < 3) return printf("%llu\\n", at(CLOCK_REALTIME)) < 0;
	long count = atol(words[2]);
	unsigned create[18] = {2, 4, 8, 16}, key = 0;
	unsigned long long value = 0;
	long map = syscall(SYS_bpf, 0, create, sizeof create);
	unsigned long long update[4] = {map, (unsigned long)&key, (unsigned long)&value, 0};
	if (getchar() < 0 || map < 0) return 1;
	unsigned long long wall = at(CLOCK_MONOTONIC), own = at(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < count; i++) {
		key = i & 15;
		value = i;
		if (strcmp(words[1], "updates")) syscall(SYS_getppid);
		else syscall(SYS_bpf, 2, update, sizeof update);
	}
	wall = at(CLOCK_MONOTONIC) - wall;
	own = at(CLOCK_PROCESS_CPUTIME_ID) - own;
	printf("%llu %llu\\n", wall, own);
	fflush(stdout);
	return getchar() >= 0;
}
`;

/** @param {Bench} bench */
export async function traceRows({ library, tell, median, processorOf, folder }) {
  const program = path.join(folder, 'traced');
  writeFileSync(`${program}.c`, source);
  const made = spawnSync('cc', ['-O1', '-static', '-o', program, `${program}.c`], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`trace: no program to be traced: ${made.error?.message ?? made.stderr}`);
  const file = path.join(folder, 'trace');
  /** Runs it to its end; nanoseconds of wall time and of processor. */
  const run = (...words) => {
    const { status, stdout, stderr } = spawnSync(words[0], words.slice(1), { input: '\n', encoding: 'utf8' });
    if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
    const [wall, own] = stdout.trim().split(' ').map(Number);
    rmSync(file, { force: true });
    return { wall, own };
  };
  const updates = [program, 'updates', String(calls)];
  const ours = [process.execPath, tool, 'trace', '-o', file, '--', ...updates];
  const strace = ['strace', '-f', '--seccomp-bpf', '-e', 'bpf', '-o', file, ...updates];
  const turns = Array.from({ length: 5 }, () => ({
    bare: run(...updates),
    empty: withEmptyPrograms(library, () => run(...updates)),
    ours: run(...ours),
    strace: run(...strace),
  }));
  const each = (figure) => median(turns.map(figure));
  /** Microseconds that are added to each call. */
  const beyond = (who) => each((turn) => (turn[who].own - turn.bare.own) / calls / 1000);
  tell(
    `a program of ${calls} updates under trace: wall time against under strace -f --seccomp-bpf`,
    `${each((turn) => turn.ours.wall / turn.strace.wall).toFixed(3)}x`,
    '<= 0.2x',
  );
  tell(
    `  processor added to it a call (one takes ${each((turn) => turn.bare.own / calls).toFixed(0)} ns by itself; two empty programs add ${beyond('empty').toFixed(2)} µs, strace ${beyond('strace').toFixed(1)} µs)`,
    `${beyond('ours').toFixed(2)} µs`,
    '<= 0.5 µs',
  );

  const others = [program, 'others', String(otherCalls)];
  const nanoseconds = () => median(Array.from({ length: 7 }, () => run(...others).own / otherCalls));
  const [before, traced, after] = [
    nanoseconds(),
    await withTracer({ program, words: ['-o', file] }, nanoseconds),
    nanoseconds(),
  ];
  const bare = (before + after) / 2;
  tell(
    `  added to another program's system call (which takes ${bare.toFixed(0)} ns, ${Math.abs(after - before).toFixed(0)} ns more or less)`,
    `${(traced - bare).toFixed(0)} ns`,
    '<= 15 ns',
  );

  for (const { format, words, aim } of [
    { format: 'text', words: [], aim: '<= 3 µs' },
    { format: 'JSON', words: ['-j'], aim: '<= 5 µs' },
  ]) {
    const spent = [];
    const idle = [];
    for (let turn = 0; turn < 3; turn++) {
      await withTracer({ program, words: [...words, '-o', file] }, async ({ target, tracer }) => {
        const quiet = processorOf(tracer.pid);
        await sleep(2000);
        idle.push((processorOf(tracer.pid) - quiet) / 2000);
        const begin = processorOf(tracer.pid);
        const done = new Promise((resolve) => target.stdout.once('data', resolve));
        target.stdin.write('\n');
        await done;
        for (let last = -1; last !== processorOf(tracer.pid); await sleep(500)) last = processorOf(tracer.pid);
        spent.push(processorOf(tracer.pid) - begin);
      });
      const written = readFileSync(file, 'latin1').match(/UPDATE_ELEM/g)?.length;
      if (written !== calls) throw new Error(`trace: ${written} of ${calls} calls are in the file`);
    }
    tell(`  the tracer's processor a call, ${format}`, `${((median(spent) / calls) * 1000).toFixed(2)} µs`, aim);
    if (format === 'text') tell('  the same, when nothing happens', `${(median(idle) * 100).toFixed(3)} %`, '< 0.1 %');
  }

  const starts = Array.from({ length: 9 }, () => {
    const begin = Date.now();
    const run = spawnSync(process.execPath, [tool, 'trace', '-o', file, '--', program], { encoding: 'utf8' });
    const whole = Date.now() - begin;
    const end = Date.now();
    spawnSync(process.execPath, ['-e', '0']);
    const bare = Date.now() - end;
    return { until: Number(run.stdout) / 1e6 - begin - bare, whole: whole - bare };
  });
  tell(
    '  start: until the command runs, beyond a start of node',
    `${median(starts.map(({ until }) => until)).toFixed(0)} ms`,
    '<= 250 ms',
  );
  tell(
    '  trace -- true as a whole, beyond a start of node',
    `${median(starts.map(({ whole }) => whole)).toFixed(0)} ms`,
    'the kernel waits for each tracepoint',
  );
}

/** Runs `use` while each bpf(2) meets two programs that do nothing: the least that a tracer in the kernel costs. */
function withEmptyPrograms({ createProgram, op }, use) {
  const opened = [];
  try {
    for (const name of ['sys_enter_bpf', 'sys_exit_bpf']) {
      const program = createProgram({ type: 'tracepoint', name: 'nothing', code: [op.alu('=', 'r0', 0), op.exit()] });
      opened.push(program);
      opened.push(program.attach({ category: 'syscalls', name }));
    }
    return use();
  } finally {
    for (const one of opened.reverse()) one.close();
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const ended = (child) => new Promise((resolve) => child.once('exit', resolve));

/** Has `use` run while a process that waits is traced. Answers what it answers. */
async function withTracer({ program, words }, use) {
  const target = spawn(program, ['updates', String(calls)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const tracer = spawn(process.execPath, [tool, 'trace', ...words, '-p', String(target.pid)], { stdio: 'inherit' });
  const ends = [ended(target), ended(tracer)];
  try {
    // It is attached within the first.
    await sleep(3000);
    return await use({ target, tracer });
  } finally {
    target.stdin.end();
    await Promise.all(ends);
  }
}

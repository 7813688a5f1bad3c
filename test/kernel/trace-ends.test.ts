// `trace`: whom it follows, what it loses, and that nothing is left of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callsOf, callsProgram, eventsOf, run, tool } from '../support/trace/calls.ts';

const timeout = 200_000;

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 120_000; !holds(); await sleep(50)) {
    if (Date.now() > end) throw new Error('it took too long');
  }
}

/** Objects of the kernel that a process has open, as `program 12`, from what /proc says of its descriptors. */
function objectsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fdinfo`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [...readFileSync(`${folder}/${fd}`, 'utf8').matchAll(/^(prog|map|link)_id:\t(\d+)$/gm)].map(
        ([, kind, id]) => `${kind} ${id}`,
      );
    } catch {
      // closed meanwhile
      return [];
    }
  });
}

/** Which of these objects the kernel still has. */
function thereOf(objects: readonly string[]): string[] {
  const there = ['prog', 'map', 'link'].flatMap((kind) => {
    const list = JSON.parse(run(['-j', kind, 'show']).stdout) as { readonly id: number }[];
    return list.map(({ id }) => `${kind} ${id}`);
  });
  return objects.filter((object) => there.includes(object));
}

describe('trace of what runs', () => {
  let folder = '';
  let program = '';
  const started: ChildProcess[] = [];
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-trace-'));
    program = callsProgram(folder) ?? '';
  });
  afterAll(() => {
    for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (command: string, words: readonly string[], input: 'pipe' | 'ignore' = 'ignore') => {
    const child = spawn(command, words, { stdio: [input, 'ignore', 'ignore'] });
    started.push(child);
    return child;
  };
  const startTrace = (...words: string[]) => start(process.execPath, [tool, 'trace', ...words]);
  const traced = (options: readonly string[], ...words: string[]) =>
    run(['trace', ...options, '--', program, ...words]);
  const read = (name: string) => {
    const file = path.join(folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const inFolder = (name: string) => path.join(folder, name);
  const needed = (context: { skip(reason: string): never }) => {
    if (program === '') context.skip('there is no C compiler');
  };

  describe.each([
    ['1M', 100_000],
    ['4096', 20_000],
  ])('with a ring of %s', (ring, count) => {
    it(`shows or counts each of ${count} calls`, { timeout }, (context) => {
      needed(context);
      const { stderr, status } = traced(['-j', '--ring', ring, '-o', inFolder('all.json')], 'updates', `${count}`);
      const events = eventsOf(read('all.json'));
      const lost = events.filter(({ event }) => event === 'lost').reduce((sum, event) => sum + event.lost, 0);
      // One more creates the map.
      expect(events.filter(({ event }) => event === 'call').length + lost).toBe(count + 1);
      expect(status).toBe(0);
      if (lost === 0) expect(stderr).toBe('');
      else expect(stderr).toMatch(new RegExp(`^Error: ${lost} calls? w(as|ere) lost: the ring was full; --ring`));
    });
  });

  it('ends with its command though the ring had no room for the word of that', { timeout }, async (context) => {
    needed(context);
    const [file, done] = [inFolder('full.json'), inFolder('done')];
    // Records of calls fill the ring, the small ones of processes what room is left.
    const script = `"$0" updates 5; until [ -e "$1" ]; do sleep 0.1; done; "$0" updates 1000
      for i in 0 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9; do (exit 0); done; done; : > "$2"; exit 7`;
    const words = ['sh', '-c', script, program, inFolder('go'), done];
    const trace = startTrace('-j', '--ring', '4096', '-o', file, '--', ...words);
    await until(() => callsOf(read('full.json')).length > 0);
    // Nobody empties the ring while the command fills it and ends.
    process.kill(trace.pid!, 'SIGSTOP');
    writeFileSync(inFolder('go'), '');
    await until(() => existsSync(done));
    await sleep(300);
    process.kill(trace.pid!, 'SIGCONT');
    const [status] = await Promise.race([once(trace, 'exit'), sleep(20_000, ['it goes on'])]);
    expect(status).toBe(7);
    expect(eventsOf(read('full.json')).some(({ event }) => event === 'lost')).toBe(true);
  });

  it('fails with --strict where calls are lost, and shows where', { timeout }, (context) => {
    needed(context);
    const { stdout, status } = traced(['--strict', '--ring', '4096'], 'updates', '20000');
    expect(stdout).toMatch(/^--- \d+ calls? lost ---$/m);
    expect(status).toBe(255);
  });

  it('of the whole machine does not see itself, nor another one that looks on', { timeout }, async (context) => {
    needed(context);
    const traces = ['a.json', 'b.json'].map((name) => startTrace('-j', '-o', inFolder(name)));
    const hasLook = (name: string) => callsOf(read(name)).some(({ comm }) => comm === 'calls');
    const looks = start(program, ['after', 'none'], 'pipe');
    await until(() => hasLook('a.json') && hasLook('b.json'));
    const from = Date.now() / 1000;
    await sleep(1500);
    const to = Date.now() / 1000;
    looks.stdin?.end('x');
    await once(looks, 'exit');
    await sleep(500);
    for (const trace of traces) trace.kill('SIGINT');
    await Promise.all(traces.map((trace) => once(trace, 'exit')));
    const tracers = traces.map(({ pid }) => pid);
    for (const name of ['a.json', 'b.json']) {
      const calls = callsOf(read(name)).filter(({ time }) => time > from && time < to);
      expect(calls.filter(({ pid }) => pid === looks.pid).length).toBeGreaterThan(10);
      expect(calls.filter(({ pid }) => tracers.includes(pid))).toEqual([]);
    }
  });

  it('leaves nothing in the kernel when it is killed', { timeout }, async (context) => {
    needed(context);
    const trace = startTrace('-j', '-o', inFolder('killed.json'), '--', program, 'updates', '0');
    await until(() => callsOf(read('killed.json')).length > 10);
    const objects = objectsOf(trace.pid!);
    expect(objects.filter((object) => object.startsWith('prog')).length).toBeGreaterThanOrEqual(8);
    expect(objects.filter((object) => object.startsWith('map')).length).toBeGreaterThanOrEqual(7);
    expect(thereOf(objects)).toEqual(objects);
    trace.kill('SIGKILL');
    await once(trace, 'exit');
    process.kill(callsOf(read('killed.json'))[0]!.pid, 'SIGKILL');
    await until(() => thereOf(objects).length === 0);
  });

  it('ends by SIGINT between lines, and so does its command', { timeout }, async (context) => {
    needed(context);
    const trace = startTrace('-o', inFolder('interrupted.txt'), '--', program, 'updates', '0');
    await until(() => read('interrupted.txt').split('\n').length > 10);
    const pid = Number(/^calls\[(\d+)\]/.exec(read('interrupted.txt'))?.[1]);
    trace.kill('SIGINT');
    const [status] = await once(trace, 'exit');
    expect(status).toBe(130);
    expect(read('interrupted.txt')).toMatch(/ = 0\n$/);
    await until(() => !existsSync(`/proc/${pid}`));
  });

  it('follows a running process with its threads, children and theirs, until the last has ended', {
    timeout,
  }, async (context) => {
    needed(context);
    const process_ = start(program, ['after', 'family'], 'pipe');
    const trace = startTrace('-j', '-p', `${process_.pid}`, '-o', inFolder('family.json'));
    await until(() => callsOf(read('family.json')).length > 0);
    process_.stdin?.end('x');
    const [status] = await once(trace, 'exit');
    expect(status).toBe(0);
    const calls = callsOf(read('family.json'));
    const pids = new Set(calls.map(({ pid }) => pid));
    // Itself, a child, one of a session of its own, one that ran another program.
    expect(pids.size).toBe(4);
    const threads = calls.filter(({ pid, tid }) => pid !== tid);
    expect(new Set(threads.map(({ pid }) => pid))).toEqual(new Set([process_.pid]));
    expect(new Set(threads.map(({ tid }) => tid)).size).toBe(3);
    expect(threads).toHaveLength(9);
  });
});

// Commands that take their time, at a terminal: they tell how far they are, and leave nothing half done when interrupted.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atTerminal, type TerminalCommand } from '../support/terminal/at-terminal.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const tool = `${process.execPath} ${path.join(project, 'bin/tsbpftool.js')}`;
const objects = path.join(project, 'test/fixtures/objects');
const pins = '/sys/fs/bpf/long_runs';
const long = { timeout: 120_000 };
let folder: string;
const at = (name: string) => path.join(folder, name);

/** Runs lines of a shell at a terminal; `$t` is the program. */
async function terminal(line: string, more: Partial<TerminalCommand> = {}) {
  const argv = ['bash', '-c', line.replaceAll('$t', tool)];
  const [outcome] = await atTerminal([{ argv, cwd: folder, seconds: 90, ...more }]);
  return outcome!;
}
function mustRun(line: string): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line.replaceAll('$t', tool)], { encoding: 'utf8' });
  expect(status, `${line}: ${stderr}`).toBe(0);
  return stdout;
}
/** Runs the program until `isTime`, then sends it SIGINT. */
async function interrupted(words: string, isTime: (pid: number) => boolean) {
  const child = spawn('bash', ['-c', `exec ${tool} ${words}`], { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
  let stderr = '';
  child.stderr.on('data', (data) => (stderr += data));
  const end = new Promise<number | string | null>((resolve) =>
    child.once('close', (status, signal) => resolve(signal ?? status)),
  );
  for (let i = 0; i < 3000 && !isTime(child.pid!) && child.exitCode === null; i++) await pause(10);
  child.kill('SIGINT');
  return { status: await end, stderr };
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'long-runs-'));
  rmSync(pins, { recursive: true, force: true });
  mkdirSync(pins);
  mustRun(`$t map create ${pins}/small type array key 4 value 4 entries 20000 name lr_small`);
  mustRun(`$t map create ${pins}/large type array key 4 value 4 entries 1000000 name lr_large`);
  mustRun(`$t map export pinned ${pins}/small ${at('small.ndjson')}`);
});
afterAll(() => {
  rmSync(pins, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

describe('a command that takes more than two seconds tells how far it is', long, () => {
  it.each([
    // A pipe that nobody reads for a while makes the writer wait.
    [
      'map export',
      `mkfifo out; (sleep 3; cat out > /dev/null) & $t map export pinned ${pins}/small out; wait`,
      /exported \d+ entries/,
    ],
    [
      'map import',
      `(head -100 small.ndjson; sleep 3; cat small.ndjson) | $t map import pinned ${pins}/small -`,
      /imported 20100 entries\n/,
    ],
    [
      'gen object',
      `mkfifo in; (sleep 3; cat ${objects}/set-variables.bpf.o > in) & $t gen object linked.bpf.o in; wait`,
      /read 1 of 1 files\n/,
    ],
  ])('%s', async (_, line, text) => {
    const { status, terminal: shown } = await terminal(line);
    expect(status, shown).toBe(0);
    expect(shown).toMatch(text);
    expect(shown).toContain('\r');
  });

  it('but not one that is quick, nor where nobody watches', async () => {
    const quick = await terminal(`$t map export pinned ${pins}/small quick`);
    expect(quick).toMatchObject({ status: 0, terminal: '' });
    const line = `mkfifo out2; (sleep 3; cat out2 > /dev/null) & $t map export pinned ${pins}/small out2; wait`;
    expect(await terminal(line, { pipe: [2] })).toMatchObject({ status: 0, terminal: '', piped: '' });
  });
});

describe('a command that is interrupted', long, () => {
  const parts = () => readdirSync(folder).filter((name) => name.endsWith('.part'));

  it('exports a whole file or none', async () => {
    const { status, stderr } = await interrupted(
      `map export pinned ${pins}/large large.ndjson`,
      () => parts().length > 0,
    );
    expect(status).toBe(130);
    expect(stderr).toMatch(/^Error: interrupted: exported \d+ entries, no file large\.ndjson was made\n$/);
    expect(existsSync(at('large.ndjson'))).toBe(false);
    expect(parts()).toEqual([]);
  });

  it('leaves the file that was there', async () => {
    writeFileSync(at('before.ndjson'), 'before\n');
    const { status, stderr } = await interrupted(
      `map export pinned ${pins}/large before.ndjson`,
      () => parts().length > 0,
    );
    expect(status).toBe(130);
    expect(stderr).toContain('before.ndjson is as it was');
    expect(readFileSync(at('before.ndjson'), 'utf8')).toBe('before\n');
    expect(parts()).toEqual([]);
  });

  it('tells what it has imported', async () => {
    mustRun(`$t map export pinned ${pins}/large ${at('all.ndjson')}`);
    // It has read a part of the file beyond its own text.
    const hasRead = (pid: number) =>
      Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]) > 8_000_000;
    const { status, stderr } = await interrupted(`map import pinned ${pins}/large all.ndjson`, hasRead);
    expect(status).toBe(130);
    expect(stderr).toMatch(/^Error: interrupted: imported \d+ entries, which stay in the map\n$/);
    const count = Number(/imported (\d+)/.exec(stderr)![1]);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(1_000_000);
  });

  it('links whole objects or none', async () => {
    const line = `mkfifo late; (sleep 3; cat ${objects}/set-variables.bpf.o > late) & exec $t gen object never.bpf.o late late`;
    const { status, terminal: shown } = await terminal(line, { signals: [[2.5, 2]] });
    expect(status, shown).toBe(130);
    expect(shown).toMatch(/Error: interrupted: read 1 of 2 files, never\.bpf\.o is as it was\n$/);
    expect(existsSync(at('never.bpf.o'))).toBe(false);
    expect(parts()).toEqual([]);
  });

  it('pins all programs and maps of an object or none', async () => {
    const line = `exec $t prog loadall ${objects}/message-sizes.bpf.o ${pins}/all pinmaps ${pins}/all-maps`;
    const count = (name: string) => (existsSync(`${pins}/${name}`) ? readdirSync(`${pins}/${name}`).length : 0);
    const whole = await terminal(line);
    expect(whole.status, whole.terminal).toBe(0);
    const [programs, maps] = [count('all'), count('all-maps')];
    expect(programs).toBeGreaterThan(0);
    expect(maps).toBeGreaterThan(1);
    for (const seconds of [0.1, 0.4, 0.8, 1.4]) {
      for (const name of ['all', 'all-maps']) rmSync(`${pins}/${name}`, { recursive: true, force: true });
      await terminal(line, { signals: [[seconds, 2]] });
      const found = [count('all'), count('all-maps')];
      expect(
        [
          [0, 0],
          [programs, maps],
        ],
        `after ${seconds} s`,
      ).toContainEqual(found);
    }
  });

  it('takes back maps that an object pins by their names', async () => {
    const pinned = '/sys/fs/bpf/pinned_map';
    // Each bpf() call takes a tenth of a second, so that signals come between any two.
    const slowly = 'strace -D -qq -o /dev/null -e trace=bpf -e inject=bpf:delay_exit=100000';
    const line = `exec ${slowly} $t prog load ${objects}/pinned-map.bpf.o ${pins}/named`;
    const ends = new Set<string>();
    for (const seconds of [0.6, 1, 1.4, 1.8, 2.2, 2.6, 9]) {
      for (const pin of [pinned, `${pins}/named`]) rmSync(pin, { force: true });
      const { status, terminal: shown } = await terminal(line, { signals: [[seconds, 2]] });
      const found = [existsSync(pinned), existsSync(`${pins}/named`)];
      expect(new Set(found).size, `${found} after ${seconds} s: ${shown}`).toBe(1);
      ends.add(`${status} ${found[0]}`);
      if (status === 130) expect(shown).toMatch(/interrupted: (loaded|all was loaded)/);
    }
    rmSync(pinned, { force: true });
    expect([...ends]).toContain('130 false');
    expect([...ends]).toContain('0 true');
  });
});

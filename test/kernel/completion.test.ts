// Completion in real shells, against live objects: each line is typed into bash, zsh (at a pseudo-terminal) and fish.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionLines } from './completion-lines.ts';
import { type Answer, askBash, askFish, askZsh, type ShellSetting } from './completion-shells.ts';

const project = path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
const pins = ['hash', 'stack', 'prog_array', 'array_of_maps', 'hostile'];
const pinOf = (type: string) => (type === 'hostile' ? hostilePin : `/sys/fs/bpf/ttm_${type}`);
/** A name that a careless script would run. */
const hostilePin = '/sys/fs/bpf/ttm_$(touch hacked) x';

let setting: ShellSetting;

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

function run(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...words], { encoding: 'utf8' });
  expect(status, `${words.join(' ')}: ${stderr}`).toBe(0);
  return stdout;
}

const removePins = () => {
  for (const type of pins) rmSync(pinOf(type), { force: true });
};

beforeAll(() => {
  removePins();
  const bin = mkdtempSync(path.join(tmpdir(), 'completion-bin-'));
  const folder = mkdtempSync(path.join(tmpdir(), 'completion-'));
  setting = { project, bin, folder };
  symlinkSync(tool, path.join(bin, 'tsbpftool'));
  symlinkSync(tool, path.join(bin, 'bpftool'));
  writeFileSync(
    path.join(folder, 'object.bpf.o'),
    readFileSync(path.join(project, 'test/fixtures/objects/set-variables.bpf.o')),
  );
  const create = (type: string, sizes: string, ...more: string[]) =>
    run('map', 'create', pinOf(type), 'type', type, ...`${sizes} entries 4 name ttm_${type}`.split(' '), ...more);
  create('hash', 'key 4 value 4');
  create('stack', 'key 0 value 4');
  create('prog_array', 'key 4 value 4');
  create('array_of_maps', 'key 4 value 4', 'inner_map', 'name', 'ttm_hash');
  run('map', 'pin', 'name', 'ttm_hash', hostilePin);
});
afterAll(() => {
  removePins();
  for (const folder of [setting.bin, setting.folder]) rmSync(folder, { recursive: true, force: true });
});

const sorted = (words: readonly string[]) => [...new Set(words)].sort();

function check(answers: readonly Answer[]): void {
  expect(answers.length).toBe(completionLines.length);
  const wrong = completionLines.flatMap(({ line, equal, some = [], none = [] }, i) => {
    // A shell may show a word as it would have to be typed.
    const words = answers[i]!.words.map((word) => word.replaceAll(/\\(.)/g, '$1'));
    const isEqual = equal === undefined || sorted(words).join() === sorted(equal).join();
    const isRight = isEqual && some.every((word) => words.includes(word)) && !none.some((word) => words.includes(word));
    return isRight ? [] : [{ line, words: sorted(words), expected: equal ? sorted(equal) : { some, none } }];
  });
  expect(wrong).toEqual([]);
  expect(existsSync(path.join(setting.folder, 'hacked'))).toBe(false);
}

const lines = completionLines.map(({ line }) => line);
const long = { timeout: 300_000 };

describe.skipIf(!has('bash'))('bash', () => {
  it('offers at each place what can stand there', long, () => check(askBash(setting, lines)));

  it('completes bpftool where it is this program, and nothing of another one', long, () => {
    const registered = (path: string) =>
      spawnSync('bash', ['--norc', '-c', `source ${project}/completions/tsbpftool.bash; complete -p bpftool`], {
        encoding: 'utf8',
        env: { ...process.env, PATH: path },
      }).stdout;
    expect(registered(`${setting.bin}:${process.env.PATH}`)).toBe('complete -F _tsbpftool bpftool\n');
    symlinkSync('/bin/true', path.join(setting.folder, 'bpftool'));
    expect(registered(`${setting.folder}:${process.env.PATH}`)).toBe('');
    rmSync(path.join(setting.folder, 'bpftool'));
  });
});

describe.skipIf(!has('fish'))('fish', () => {
  it('offers at each place what can stand there', long, () => check(askFish(setting, lines)));

  it('says what an id, a name and a verb are', long, () => {
    const [names, verbs] = askFish(setting, ['map dump name ttm_h', 'map expo']);
    expect(names!.abouts).toEqual([expect.stringMatching(/^hash id \d+$/)]);
    expect(verbs!.abouts).toEqual(['Writes every element as a line of JSON']);
  });
});

describe.skipIf(!has('zsh'))('zsh', () => {
  it('offers at each place what can stand there', long, () => check(askZsh(setting, lines)));

  it('says what an id, a name and a verb are', long, () => {
    const [names, verbs] = askZsh(setting, ['map dump name ttm_h', 'map expo']);
    expect(names!.abouts.join(' ')).toMatch(/hash id \d+/);
    expect(verbs!.abouts.join(' ')).toMatch(/Writes every element as a line of JSON/);
  });

  it('registers both names', () => {
    const script = `autoload -Uz compinit; compinit -u -D; source ${project}/completions/tsbpftool.zsh; print $_comps[tsbpftool] $_comps[bpftool]`;
    const { stdout } = spawnSync('zsh', ['-f', '-c', script], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${setting.bin}:${process.env.PATH}` },
    });
    expect(stdout).toBe('_tsbpftool _tsbpftool\n');
  });
});

describe('completion SHELL', () => {
  it.each(['bash', 'zsh', 'fish'])('prints the script of %s', (shell) => {
    expect(run('completion', shell)).toBe(readFileSync(path.join(project, `completions/tsbpftool.${shell}`), 'utf8'));
  });

  it('names the shells there are', () => {
    const { status, stderr } = spawnSync(process.execPath, [tool, 'completion', 'tcsh'], { encoding: 'utf8' });
    expect(status).toBe(255);
    expect(stderr).toBe("Error: 'tcsh' is no shell this is known of: bash, zsh, fish\n");
  });
});

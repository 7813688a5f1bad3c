// What the build keeps of a compiled program is used only for the very text it was compiled of.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../../..');
let folder = '';
const cli = () => path.join(folder, 'dist/cli');
const kept = () => path.join(cli(), readdirSync(cli()).find((name) => name.startsWith('main.v8-'))!);
const main = () => path.join(cli(), 'main.cjs');

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-load-'));
  symlinkSync(path.join(project, 'node_modules'), path.join(folder, 'node_modules'));
});
beforeEach(() => {
  for (const name of ['bin', 'dist/cli', 'package.json']) {
    cpSync(path.join(project, name), path.join(folder, name), { recursive: true });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const expected = execFileSync(process.execPath, [path.join(project, 'bin/tsbpftool.js'), 'version']).toString();

function version(...nodeOptions: string[]) {
  const args = [...nodeOptions, path.join(folder, 'bin/tsbpftool.js'), 'version'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

const fine = { status: 0, stdout: expected, stderr: '' };

it('runs from what was kept, which is accepted', () => {
  const check = `
    const vm = require('node:vm');
    const Script = vm.Script;
    vm.Script = class extends Script {
      constructor(...args) {
        super(...args);
        process.on('exit', () => console.error(args[1].cachedData.length > 0, this.cachedDataRejected));
      }
    };`;
  const hook = path.join(folder, 'hook.cjs');
  writeFileSync(hook, check);
  expect(version('--require', hook)).toEqual({ ...fine, stderr: 'true false\n' });
});

it('runs the text where it is not what was compiled, though it is as long', () => {
  const text = readFileSync(main(), 'latin1');
  const id = text.slice(2, 34);
  const other = `//${'0'.repeat(32)}${text.slice(34)}`.replaceAll('compatible with', 'COMPATIBLE WITH');
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(other.length).toBe(text.length);
  writeFileSync(main(), other, 'latin1');
  expect(version()).toEqual({ ...fine, stdout: expected.replaceAll('compatible with', 'COMPATIBLE WITH') });
});

it.each([
  ['nothing was kept', () => rmSync(kept())],
  ['what was kept is empty', () => writeFileSync(kept(), '')],
  ['what was kept is cut short', () => writeFileSync(kept(), readFileSync(kept()).subarray(0, 1000))],
])('runs where %s', (_case, damage) => {
  damage();
  expect(version()).toEqual(fine);
});

it.each([
  [['map', 'show'], 'map-show'],
  [['-jp', '--json', 'map', '-p', 'dump', 'id', '1'], 'map-dump'],
  [['map', 'sho'], 'map'],
  [['map', '-V', 'show'], 'main'],
  [['map', 'show', '-jV'], 'main'],
  [['btf', 'dump', 'id', '1', '--base-btf', 'file'], 'main'],
  [['map', 'show', '--json', 'id', '1'], 'map-show'],
  [['prog', 'list'], 'prog-show'],
  [['prog', 'loadall', 'file', 'folder', '--set', 'a=1'], 'main'],
  [['prog', 'loadall', 'file', 'folder', 'autoattach'], 'prog-load'],
  [['prog', 'load', 'file', 'path', '-dL'], 'main'],
  [['prog', 'load', 'file', 'path', '--explain'], 'main'],
  [['map', 'update', 'id', '1'], 'map'],
  [['prog'], 'main'],
  [['perf', 'show'], 'main'],
  [['ma', 'show'], 'main'],
  [['batch', 'file', 'map'], 'main'],
  [['--base', 'map', 'prog', 'show'], 'main'],
  [['-B', 'map', 'btf', 'show'], 'main'],
  [['../cli/map'], 'main'],
  [['-V'], 'main'],
  [[], 'main'],
])('runs %j from the bundle %s', (words, bundle) => {
  const { bundleOf } = createRequire(import.meta.url)(path.join(project, 'bin/tsbpftool.js'));
  expect(bundleOf(words)).toBe(bundle);
});

it.each(['map'])('prints the same help of %s from its bundle as from the whole', (object) => {
  const tool = path.join(folder, 'bin/tsbpftool.js');
  const help = () => spawnSync(process.execPath, [tool, object, 'help'], { encoding: 'utf8' });
  const own = help();
  rmSync(path.join(cli(), `${object}.cjs`));
  expect(own).toMatchObject({ status: 0, stderr: help().stderr });
  expect(own.stderr).toContain(object);
});

it('ends so that coverage is written where it is wanted', () => {
  const coverage = path.join(folder, 'coverage');
  const args = [path.join(folder, 'bin/tsbpftool.js'), 'map', 'show'];
  spawnSync(process.execPath, args, { env: { ...process.env, NODE_V8_COVERAGE: coverage } });
  expect(readdirSync(coverage)).toHaveLength(1);
});

it('keeps nothing outside its own folder', () => {
  rmSync(kept());
  const tmp = path.join(folder, 'tmp');
  const args = [path.join(folder, 'bin/tsbpftool.js'), 'version'];
  execFileSync(process.execPath, args, { env: { ...process.env, TMPDIR: tmp, HOME: tmp } });
  expect(existsSync(tmp)).toBe(false);
});

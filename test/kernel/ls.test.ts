// `ls` as people and programs see it: tables at terminals of several widths, tab-separated values, lines of JSON.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lsSchemas } from '../../src/commands/ls/output-schema.ts';
import { bpf_map_type } from '../../src/uapi/index.ts';
import { Scope } from '../support/inventory/objects.ts';
import { atTerminal, type TerminalCommand } from '../support/terminal/at-terminal.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const argv = [process.execPath, path.join(project, 'bin/tsbpftool.js')];
const ours = '--where name=lsv_*';
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(lsSchemas.ls!);

let scope: Scope;

function run(line: string) {
  const { status, stdout, stderr } = spawnSync(argv[0]!, [argv[1]!, ...line.trim().split(' ')], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
/** Cells of what a pipe is given, the names of the columns first. */
function cells(line: string): string[][] {
  const { status, stdout, stderr } = run(line);
  expect({ status, stderr }, line).toEqual({ status: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((text) => text.split('\t'));
}
function documents(line: string): Record<string, unknown>[] {
  const { status, stdout, stderr } = run(`-j ${line}`);
  expect({ status, stderr }, line).toEqual({ status: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));
}
async function table(line: string, more: Partial<TerminalCommand> = {}): Promise<string[]> {
  const env = { TERM: 'xterm', NO_COLOR: null, LANG: 'C.UTF-8', LC_ALL: null, ...more.env };
  const [outcome] = await atTerminal([{ argv: [...argv, ...line.split(' ')], ...more, env }]);
  expect(outcome!.status).toBe(0);
  // Where others' processes are hidden, a line below the table says so.
  return outcome!.terminal
    .trimEnd()
    .split('\n')
    .filter((text) => !text.startsWith('hint: '));
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours begin with
const colour = /\x1b/;
const plain = (text: string) => text.replaceAll('\x1b', '').replaceAll(/\[\d+m/g, '');

beforeAll(() => {
  scope = new Scope();
  const map = scope.map({ name: 'lsv_small' });
  scope.map({ name: 'lsv_large', maxEntries: 2000 });
  scope.map({ name: 'lsv_ring', type: bpf_map_type.BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 });
  const program = scope.program('lsv_prog', { maps: [map] });
  scope.pin(program, '/sys/fs/bpf/lsv_a_program_with_a_path_that_no_narrow_terminal_has_room_for');
  scope.pin(map, '/sys/fs/bpf/lsv_\x1b[31m\ttab');
});
afterAll(() => scope[Symbol.dispose]());

describe('a table at a terminal', { timeout: 120_000 }, () => {
  it.each([40, 80, 200])('is no wider than %i columns, and keeps ids and names', async (columns) => {
    for (const kind of ['', 'progs', 'maps', 'links', 'btf', 'pins']) {
      const lines = (await table(`ls ${kind}`.trim(), { columns })).map(plain);
      for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(columns);
      expect(lines[0]).toContain(kind === 'pins' ? 'PATH' : 'ID');
    }
    const maps = (await table(`ls maps ${ours}`, { columns })).map(plain);
    expect(maps.map((line) => line.split(/ +/).find((word) => word.startsWith('lsv_')))).toEqual([
      undefined,
      'lsv_small',
      'lsv_large',
      'lsv_ring',
    ]);
  });

  it('shows everything where there is room, and cuts where there is none', async () => {
    const pin = '/sys/fs/bpf/lsv_a_program_with_a_path_that_no_narrow_terminal_has_room_for';
    const line = `ls progs ${ours} --columns id,pins`;
    expect((await table(line, { columns: 200 }))[1]).toContain(pin);
    const narrow = (await table(line, { columns: 40 }))[1]!;
    expect(narrow).toMatch(/^ *\d+ {2}\/sys\/fs\/bpf\/lsv_.*…$/);
    expect((await table(line, { columns: 40, env: { LANG: 'C' } }))[1]).toMatch(/~$/);
  });

  it('has units, and no bytes that would move the cursor', async () => {
    const lines = await table(`ls maps ${ours} --columns name,memory,pins`, { columns: 200, env: { NO_COLOR: '1' } });
    expect(lines.join('\n')).not.toMatch(colour);
    expect(lines[2]).toMatch(/^lsv_large +\d+(\.\d)?K/);
  });

  it('has colours only where they are shown and wanted', async () => {
    const line = `ls maps ${ours}`;
    expect((await table(line))[0]).toMatch(colour);
    expect((await table(line, { env: { NO_COLOR: '1' } })).join('\n')).not.toMatch(colour);
    expect((await table(line, { env: { TERM: 'dumb' } })).join('\n')).not.toMatch(colour);
    expect((await table(line, { env: { TERM: null } })).join('\n')).not.toMatch(colour);
    const [piped] = await atTerminal([{ argv: [...argv, ...line.split(' ')], pipe: [1], env: { TERM: 'xterm' } }]);
    expect(piped!.piped).not.toMatch(colour);
    expect(piped!.piped).toMatch(/^id\ttype\tname\t/);
  });

  it('says that there is nothing', async () => {
    const lines = (await table('ls progs --where name=lsv_none')).map(plain);
    expect(lines.at(-1)).toBe('no progs that match');
    expect(run('ls maps --where name=lsv_none')).toMatchObject({ status: 0, stderr: 'no maps that match\n' });
    expect(run('ls maps --where name=lsv_none').stdout.split('\n')).toHaveLength(2);
    expect(run('-j ls maps --where name=lsv_none')).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

describe('values for programs', () => {
  it('are parted by tabs, below the names of the columns, each object on a line', () => {
    const [head, ...rows] = cells(`ls maps ${ours}`);
    expect(head).toEqual('id type name key value entries used memory holders pins'.split(' '));
    expect(rows.map((row) => row.slice(1, 6))).toEqual([
      ['hash', 'lsv_small', '4', '4', '8'],
      ['hash', 'lsv_large', '4', '4', '2000'],
      ['ringbuf', 'lsv_ring', '0', '0', '4096'],
    ]);
    expect(rows[0]!.length).toBe(head!.length);
    expect(rows[0]!.join()).not.toMatch(colour);
    expect(rows[1]![8]).toContain(`(${process.pid})`);
  });

  it('are those of the columns that were asked for', () => {
    expect(cells(`ls maps ${ours} --columns name,type`)[0]).toEqual(['name', 'type']);
    expect(cells(`ls maps ${ours} --columns name --columns id`)[0]).toEqual(['name', 'id']);
    expect(cells(`ls progs ${ours} --columns all`)[0]).toEqual(expect.arrayContaining(['runs', 'tag', 'loaded']));
    expect(cells(`ls maps ${ours} --columns name`)).toEqual([['name'], ['lsv_small'], ['lsv_large'], ['lsv_ring']]);
  });

  it('come in the order that was asked for', () => {
    const names = (words: string) =>
      cells(`ls maps ${ours} --columns name ${words}`)
        .slice(1)
        .map(([name]) => name);
    expect(names('--sort name')).toEqual(['lsv_large', 'lsv_ring', 'lsv_small']);
    expect(names('--sort -name')).toEqual(['lsv_small', 'lsv_ring', 'lsv_large']);
    expect(names('--sort entries')).toEqual(['lsv_small', 'lsv_large', 'lsv_ring']);
    expect(names('--sort=-entries')).toEqual(['lsv_ring', 'lsv_large', 'lsv_small']);
    expect(names('')).toEqual(['lsv_small', 'lsv_large', 'lsv_ring']);
  });

  it.each([
    ['type=hash', ['lsv_small', 'lsv_large']],
    ['type!=hash', ['lsv_ring']],
    ['type=hash,name=*l', ['lsv_small']],
    ['entries>8', ['lsv_large', 'lsv_ring']],
    ['entries>=8 --where entries<=2000', ['lsv_small', 'lsv_large']],
    ['entries<8', []],
    ['pins>0', ['lsv_small']],
    ['pins=', ['lsv_large', 'lsv_ring']],
    ['flags=0 --where frozen=yes', []],
    ['name=lsv_?mall', ['lsv_small']],
    ['name=LSV_SMALL', []],
  ])('are of what matches %s', (where, names) => {
    const { status, stdout } = run(`ls maps ${ours} --where ${where} --columns name`);
    expect(status).toBe(0);
    expect(stdout).toBe(['name', ...names].map((name) => `${name}\n`).join(''));
  });

  it('tell programs by their maps, pins and holders', () => {
    const [program] = documents(`ls progs ${ours} --columns all`);
    expect(program).toMatchObject({ name: 'lsv_prog', type: 'socket_filter', maps: 1, uid: 0, runs: 0 });
    expect(program!.holders).toEqual([expect.stringContaining(`(${process.pid})`)]);
    expect(documents('ls pins --where path=/sys/fs/bpf/lsv_a*')).toMatchObject([{ kind: 'prog', name: 'lsv_prog' }]);
  });
});

describe('lines of JSON', () => {
  it.each(['ls', 'ls progs', 'ls maps', 'ls links', 'ls btf', 'ls pins'])('%s fits its schema', (line) => {
    for (const words of [line, `${line} --columns all`]) {
      const all = documents(words);
      if (line !== 'ls links') expect(all.length).toBeGreaterThan(0);
      for (const document of all)
        expect(validate(document), `${JSON.stringify(document)}: ${JSON.stringify(validate.errors)}`).toBe(true);
    }
  });
});

describe('mistakes', () => {
  it.each([
    ['top -n', "option '--count' needs a value"],
    ['top --interval', "option '--interval' needs a value"],
    ['trace -s', "option '-s' needs a value"],
    ['trace --ring', "option '--ring' needs a value"],
    ['map events --type', "option '--type' needs a value"],
  ])('%s says what is missing', (words, message) => {
    const { status, stdout, stderr } = run(words);
    expect({ status, stdout }).toEqual({ status: 255, stdout: '' });
    expect(stderr).toContain(`Error: ${message}`);
  });

  it.each([
    ['bogus', "'bogus' is none of progs, maps, links, btf, pins"],
    ['maps pins', "what is 'pins'?"],
    ['maps --columns nmae', "no column 'nmae' here; did you mean 'name'?"],
    ['maps --columns nothing_alike', "no column 'nothing_alike' here; there are id, type, name, "],
    ['maps --columns id,,name', "no column '' here; there are id, type, name, "],
    ['maps --sort -zzz', "no column 'zzz' here; there are id, type, "],
    ['links --sort memory', "no column 'memory' here; there are id, type, prog, "],
    ['maps --where id>x', "--where: 'x' is no number"],
    ['maps --where id', "--where: 'id' is no COLUMN=PATTERN"],
    ['maps --where nmae=x', "no column 'nmae' here; did you mean 'name'?"],
    ['maps --columns', "option '--columns' needs a value"],
    ['maps --order id', "unrecognized option '--order'"],
  ])('ls %s is refused', (words, message) => {
    const { status, stdout, stderr } = run(`ls ${words}`);
    expect({ status, stdout }).toEqual({ status: 255, stdout: '' });
    expect(stderr).toContain(`Error: ${message}`);
  });

  it('lines of JSON have no place in the JSON of a batch', () => {
    const { status, stdout } = spawnSync(argv[0]!, [argv[1]!, '-j', 'batch', 'file', '-'], {
      input: 'ls maps\n',
      encoding: 'utf8',
    });
    expect(status).not.toBe(0);
    expect(stdout).toContain('lines of JSON cannot stand inside the JSON of a batch');
  });
});

// `trace`: what it leaves out, how it ends, and what it says where it cannot.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callsOf, callsProgram, eventsOf, run, type TraceLine, tool } from '../support/trace/calls.ts';

const timeout = 200_000;

describe('trace of a program', () => {
  let folder = '';
  let program = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-trace-'));
    // For the user that runs it below.
    chmodSync(folder, 0o755);
    program = callsProgram(folder) ?? '';
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const traced = (options: readonly string[], ...words: string[]) =>
    run(['trace', ...options, '--', program, ...words]);
  const inFolder = (name: string) => path.join(folder, name);
  const read = (name: string) => readFileSync(inFolder(name), 'utf8');
  const needed = (context: { skip(reason: string): never }) => {
    if (program === '') context.skip('there is no C compiler');
  };

  it('sends only what filters let through', { timeout }, (context) => {
    needed(context);
    const commands = (options: readonly string[], scene: string) => {
      const { stderr, status } = traced(['-j', '-o', inFolder('filter.json'), ...options], scene);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      return callsOf(read('filter.json'));
    };
    const all = commands([], 'maps');
    const names = (calls: readonly TraceLine[]) => calls.map(({ command }) => command);
    const about = (calls: readonly TraceLine[], name: string) =>
      calls.filter(({ objects, ...call }) =>
        [objects.map_fd, (call as { object?: { name: string } }).object].some((object) => object?.name === name),
      );
    const with_ = (name: string) => names(all.filter(({ command }) => command === name));
    expect(names(commands(['--command', 'map_freeze'], 'maps'))).toEqual(['BPF_MAP_FREEZE']);
    expect(names(commands(['--command', 'BPF_MAP_D*,MAP_CREATE'], 'maps')).sort()).toEqual(
      [...with_('BPF_MAP_CREATE'), ...with_('BPF_MAP_DELETE_ELEM')].sort(),
    );
    expect(commands(['--command', 'ioctl'], 'maps')).toEqual([]);
    expect(names(commands(['--map', 't_tr_odd'], 'maps'))).toEqual(names(about(all, 't_tr_odd')));
    expect(about(all, 't_tr_odd')).toHaveLength(3);
    expect(names(commands(['--failed'], 'maps'))).toEqual(names(all.filter(({ errno }) => errno !== undefined)));
    expect(commands(['--comm', 'calls'], 'maps')).toHaveLength(all.length);
    expect(commands(['--comm', 'other'], 'maps')).toEqual([]);
    expect(commands(['--count', '3'], 'maps')).toHaveLength(3);
    const programs = commands(['--program', 't_tr_filter'], 'programs');
    expect(names(programs)).toContain('BPF_PROG_BIND_MAP');
    expect(JSON.stringify(programs)).not.toContain('t_tr_point');
  });

  it('finds a map by its id, and reads no more of a value than -s says', { timeout }, (context) => {
    needed(context);
    const pin = '/sys/fs/bpf/t_tr_byid';
    expect(
      run(['map', 'create', pin, 'type', 'array', 'key', '4', 'value', '12', 'entries', '1', 'name', 't_tr_byid'])
        .status,
    ).toBe(0);
    try {
      const { id } = JSON.parse(run(['-j', 'map', 'show', 'pinned', pin]).stdout) as { id: number };
      const words = ['map', 'update', 'pinned', pin, 'key', '0', '0', '0', '0', 'value', ...'abcdefghijkl'].map(
        (word) => (/^[a-l]$/.test(word) ? String(word.charCodeAt(0)) : word),
      );
      const shown = (...options: string[]) =>
        run(['trace', '--command', 'MAP_UPDATE_ELEM', ...options, '--', process.execPath, tool, ...words]).stdout;
      expect(shown('--map', `${id}`)).toContain('value=[61 62 63 64 65 66 67 68 69 6a 6b 6c]');
      expect(shown('--map', `${id + 1000}`)).toBe('');
      expect(shown('-s', '5')).toContain('key=0, value=[61 62 63 64 65 … 7 more]');
    } finally {
      rmSync(pin);
    }
  });

  it('shows times, and sums', { timeout }, (context) => {
    needed(context);
    const first = (...options: string[]) => traced(options, 'look').stdout.split('\n')[0];
    expect(first('-t')).toMatch(/^\d\d:\d\d:\d\d calls\[\d+\] bpf\(/);
    expect(first('-tt')).toMatch(/^\d\d:\d\d:\d\d\.\d{6} calls/);
    const unix = /^(\d{10})\.\d{6} calls/.exec(first('-ttt') ?? '');
    expect(Math.abs(Number(unix?.[1]) - Date.now() / 1000)).toBeLessThan(60);
    expect(first('-r')).toMatch(/^ +0\.000000 calls/);
    expect(first('-T')).toMatch(/ <0\.\d{9}>$/);
    const sums = traced(['-c'], 'maps').stdout;
    expect(sums).toMatch(/^% time {5}seconds {2}usecs\/call {5}calls {4}errors {2}command$/m);
    expect(sums).toMatch(/ 1 {12}BPF_MAP_UPDATE_ELEM <map \d+ "t_tr_odd">$/m);
    expect(sums.trimEnd().split('\n').at(-1)).toMatch(/ 28 +11 {2}total$/);
    const rows = eventsOf(traced(['-c', '-j'], 'maps').stdout) as unknown as { calls: number; errors: number }[];
    expect(rows.reduce((sum, { calls }) => sum + calls, 0)).toBe(28);
    expect(rows.reduce((sum, { errors }) => sum + errors, 0)).toBe(11);
  });

  it('ends as its command does, and runs it as who is named', { timeout }, (context) => {
    needed(context);
    const end = (...words: string[]) => {
      const { status, stderr } = run(['trace', '--', ...words]);
      return { status, stderr: stderr.trim() };
    };
    expect(end(program, 'status', '7')).toEqual({ status: 7, stderr: '' });
    expect(end(program, 'signal', '15')).toEqual({ status: 143, stderr: '' });
    expect(end(inFolder('absent'))).toEqual({
      status: 127,
      stderr: `Error: can't run ${inFolder('absent')}: it was not found`,
    });
    writeFileSync(inFolder('text'), 'no program', { mode: 0o644 });
    expect(end(inFolder('text'))).toEqual({
      status: 126,
      stderr: `Error: can't run ${inFolder('text')}: it may not be executed`,
    });
    const { stdout, status } = traced(['-u', '65534'], 'whoami');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^65534 65534$/m);
    expect(stdout).toMatch(/^calls\[\d+\] bpf\(BPF_MAP_LOOKUP_ELEM, .* = -1 /m);
    const began = Date.now();
    expect(run(['trace', '--duration', '0.5', '--comm', 'nobody']).status).toBe(0);
    expect(Date.now() - began).toBeGreaterThan(500);
  });

  it.each([
    [['--ring', '0'], "--ring: '0' is no size up to 1G"],
    [['--ring', '2G'], "--ring: '2G' is no size up to 1G"],
    [['--ring', '1e3'], "--ring: '1e3' is no size up to 1G"],
    [['-s', '-1'], "--limit: '-1' is no whole number"],
    [['-p', 'x'], "--pid: 'x' is no whole number"],
    [['-p', '4294967296'], "--pid: '4294967296' is no whole number"],
    [['--count', '1.5'], "--count: '1.5' is no whole number"],
    [['--duration', '0'], "--duration: '0' is no number of seconds"],
    [['--duration', 'Infinity'], "--duration: 'Infinity' is no number of seconds"],
    [['--command', 'MAP_NOTHING'], "'MAP_NOTHING' is no command of bpf(2), nor perf_event_open or ioctl"],
    [['--command', '('], "'(' is no command of bpf(2), nor perf_event_open or ioctl"],
    [['-u', 'no\u001b[31mbody'], "there is no user 'no\\x1b[31mbody'"],
    [
      ['-o', '/nowhere/at/all'],
      "can't open /nowhere/at/all: ENOENT: no such file or directory, open '/nowhere/at/all'",
    ],
    [['--nothing'], "unrecognized option '--nothing'"],
    [['true'], "what is 'true'? A command to trace stands behind '--'"],
    [['--'], "'--' needs a command behind it"],
    [['-p', '4194304'], 'there is no process 4194304'],
  ])('refuses %j', { timeout }, (words, told) => {
    const { stdout, stderr, status } = run(['trace', ...words]);
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: `Error: ${told}\n`, status: 255 });
  });

  it.each([
    [
      '-all',
      /^Error: can't trace: bpf\(MAP_CREATE\) of the tracer's ring: Operation not permitted \(EPERM\); it takes CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH: run it as root\n$/,
    ],
    [
      '-perfmon,-sys_admin',
      /^Error: can't trace: .*Operation not permitted \(EPERM\); it takes CAP_BPF, CAP_PERFMON and/,
    ],
  ])('says what rights it takes, without %s', { timeout }, (set, told) => {
    const { stdout, stderr, status } = run(['trace', '--', 'true'], {
      before: ['setpriv', `--bounding-set=${set}`, `--inh-caps=${set}`],
    });
    expect({ stdout, status }).toEqual({ stdout: '', status: 255 });
    expect(stderr).toMatch(told);
  });

  const call = {
    event: 'call',
    pid: 1,
    tid: 1,
    comm: 'a',
    call: 'bpf',
    size: 32,
    result: 0,
    objects: {},
    attributes: {},
  };
  const lineOf = (more: object) => JSON.stringify({ ...call, command: 'BPF_MAP_UPDATE_ELEM', ...more });

  it.each([
    ['a line that breaks off', '{"event":"call","call":"bpf","comm', 'line 1 is no event of a trace'],
    ['no event', '[1]', 'line 1 is no event of a trace'],
    ['numbers that are none', lineOf({ pid: 'x' }), 'line 1 is no event of a trace'],
    ['attributes that are none', `${lineOf({})}\n${lineOf({ attributes: 5 })}`, 'line 2 is no event of a trace'],
    ['objects that are none', lineOf({ objects: { map_fd: 3 } }), 'line 1 is no event of a trace'],
    [
      'what is nested too deeply',
      lineOf({ attributes: { a: 1 } }).replace('"a":1', `"a":${'['.repeat(50_000)}${']'.repeat(50_000)}`),
      'line 1 is nested too deeply',
    ],
  ])('replay refuses %s', (_name, input, told) => {
    const { stderr, status } = run(['replay', '-'], { input });
    expect({ stderr, status }).toEqual({ stderr: `Error: -: ${told}\n`, status: 255 });
  });

  it('replay puts nothing of a file into a terminal or a script that was not meant', () => {
    const hostile = "a\u001b[2J; reboot $(id) \u009b'";
    const input = [
      lineOf({ comm: hostile, command: hostile, call: hostile, attributes: { [hostile]: hostile }, errno: hostile }),
      lineOf({
        attributes: { map_fd: 3, flags: 'BPF_ANY' },
        objects: { map_fd: { kind: 'map', id: 1, name: hostile } },
        key_hex: '00; reboot',
        value_hex: '01',
      }),
      lineOf({ attributes: { flags: hostile }, objects: { map_fd: { kind: 'map', id: 1, name: 'a' } } }),
      lineOf({
        command: 'BPF_MAP_CREATE',
        attributes: { map_type: 'BPF_MAP_TYPE_HASH', map_name: hostile, key_size: 4, value_size: 4, max_entries: 1 },
        object: { kind: 'map', id: 7, name: hostile },
      }),
      lineOf({
        command: 'BPF_MAP_CREATE',
        attributes: { map_type: 'BPF_MAP_TYPE_HASH', key_size: '4; reboot' },
        object: {},
      }),
    ].join('\n');
    const shown = [run(['replay', '-'], { input }), run(['replay', '--script', '-'], { input })];
    expect(shown.map(({ status }) => status)).toEqual([0, 0]);
    for (const { stdout } of shown) {
      expect([...stdout].filter((char) => char !== '\n' && (char < ' ' || (char >= '\x7f' && char <= '\x9f')))).toEqual(
        [],
      );
    }
    const quoted = "'a\\x1b[2J; reboot $(id) \\x9b'\\'''";
    expect(shown[1]!.stdout.split('\n').slice(2, -1)).toEqual([
      `tsbpftool map update name ${quoted} key hex  value hex 01`,
      expect.stringMatching(/^# not repeated: an update with a/),
      `tsbpftool map create /sys/fs/bpf/map type hash key 4 value 4 entries 1 name ${quoted}`,
      '# not repeated: a map of unknown sizes',
    ]);
  });

  it('a script of replay does to a map what was done to another', { timeout }, (context) => {
    needed(context);
    const pin = '/sys/fs/bpf/t_tr_again';
    const create = [
      'map',
      'create',
      pin,
      'type',
      'hash',
      'key',
      '4',
      'value',
      '8',
      'entries',
      '9',
      'name',
      't_tr_again',
    ];
    const key = (first: string) => ['key', 'hex', first, '0', '0', '0'];
    const value = (digit: string) => ['value', 'hex', ...Array.from('12345678', (second) => digit + second)];
    const steps = [
      create,
      ['map', 'update', 'pinned', pin, ...key('1'), ...value('0')],
      ['map', 'update', 'pinned', pin, ...key('2'), ...value('f')],
      ['map', 'delete', 'pinned', pin, ...key('2')],
    ];
    const dump = () => run(['-j', 'map', 'dump', 'pinned', pin]).stdout;
    try {
      let script = '';
      for (const step of steps) {
        const { stdout, status } = run(['trace', '-j', '--map', 't_tr_again', '--', process.execPath, tool, ...step]);
        expect(status).toBe(0);
        script += stdout;
      }
      const before = dump();
      expect(before).toContain('"0x01"');
      rmSync(pin);
      const commands = run(['replay', '--script', '-'], { input: script }).stdout.trimEnd().split('\n').slice(2);
      expect(commands).toHaveLength(4);
      for (const line of commands) expect(run(line.split(' ').slice(1)).status).toBe(0);
      expect(dump()).toBe(before);
    } finally {
      rmSync(pin, { force: true });
    }
  });

  it('writes JSON as its schema says', { timeout }, (context) => {
    needed(context);
    const schema = JSON.parse(run(['schema', 'trace']).stdout);
    const validate = new Ajv2020({ strict: false }).compile(schema);
    for (const scene of ['maps', 'typed', 'programs', 'batches', 'pointers', 'every', 'family']) {
      const { stdout } = traced(['-j', '--insns', '--log', '--btf'], scene);
      for (const event of eventsOf(stdout)) {
        expect(validate(event), `${JSON.stringify(event)}: ${JSON.stringify(validate.errors)}`).toBe(true);
      }
      expect([...stdout].filter((char) => char !== '\n' && (char < ' ' || (char >= '\x7f' && char <= '\x9f')))).toEqual(
        [],
      );
    }
  });
});

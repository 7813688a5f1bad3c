// Ends that are not an ordinary exit: a reader that leaves early, a full disk, and nothing left half done.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../support/parity/world.ts';

let world: World;
beforeAll(() => {
  world = new World('e_');
});
afterAll(() => world?.end());

function ours(shellTail: string, ...argv: string[]) {
  const words = [...world.programs.ours, ...argv].map((word) => `'${world.fill(word)}'`).join(' ');
  return spawnSync('bash', ['-o', 'pipefail', '-c', `${words} ${shellTail}`], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    timeout: 60_000,
  });
}

const calm = (stderr: string) => expect(stderr).not.toMatch(/\bat .*:\d+:\d+|node:internal|EPIPE|Error: E[A-Z]+/);

describe('a reader that leaves early', () => {
  it('ends a dump without a word, as SIGPIPE would', () => {
    const result = ours('| head -n 1', 'map', 'dump', 'pinned', '{pin:many}');
    expect(result.stdout.split('\n')).toHaveLength(2);
    expect(result.stderr).toBe('');
    expect([0, 141]).toContain(result.status);
  });

  it('ends a JSON dump without a word', () => {
    const result = ours('| head -c 10', '-j', 'map', 'dump', 'pinned', '{pin:many}');
    expect(result.stdout).toHaveLength(10);
    expect(result.stderr).toBe('');
  });
});

describe('a full disk on stdout', () => {
  it('is an error, not a stack trace', () => {
    const result = ours('> /dev/full', 'map', 'dump', 'pinned', '{pin:many}');
    expect(result.status).not.toBe(0);
    expect(result.stderr).toMatch(/No space left on device/);
    calm(result.stderr);
  });
});

describe('a file that is no BPF object', () => {
  const broken: [string, (whole: Buffer) => Buffer][] = [
    ['an empty file', () => Buffer.alloc(0)],
    ['half a header', (whole) => whole.subarray(0, 40)],
    ['the first half', (whole) => whole.subarray(0, whole.length >> 1)],
    ['all but the last byte', (whole) => whole.subarray(0, whole.length - 1)],
    [
      'an object for another machine',
      (whole) => Buffer.concat([whole.subarray(0, 18), Buffer.from([0x3e, 0]), whole.subarray(20)]),
    ],
    ['noise', () => Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) & 0xff))],
  ];

  it.each(broken)('%s is refused, and nothing stays pinned', (name, change) => {
    const file = path.join(world.tmp, `${name.replaceAll(' ', '-')}.o`);
    writeFileSync(file, change(readFileSync(world.fill('{obj:hello-buffer-config}'))));
    const pin = `${world.pins}/broken`;
    const result = ours('', 'prog', 'loadall', file, pin);
    expect(result.status).toBe(255);
    expect(result.stderr).toMatch(/Error: /);
    calm(result.stderr);
    expect(existsSync(pin) ? readdirSync(pin) : []).toEqual([]);
  });
});

describe('the walk-through', () => {
  it('dumps the two messages exactly', () => {
    const result = ours('', 'map', 'dump', 'pinned', '{pin:config}');
    const entry = (key: number, message: string) =>
      `{\n        "key": ${key},\n        "value": {\n            "message": "${message}"\n        }\n    }`;
    const [first, second] = [entry(501, 'Hi user 501!'), entry(0, 'Hey root!')];
    // The order of the entries is the kernel's.
    expect([`[${first},${second}\n]\n`, `[${second},${first}\n]\n`]).toContain(result.stdout);
    expect(result.status).toBe(0);
  });

  it('refuses a value one byte short, and changes nothing', () => {
    const before = world.reference('-j', 'map', 'dump', 'pinned', world.get('config').pin);
    const words = 'key 0x2 0 0 0 value hex 48 65 6c 6c 6f 20 32 0 0 0 0 0'.split(' ');
    const result = ours('', 'map', 'update', 'pinned', '{pin:config}', ...words);
    expect(result.stderr).toBe('Error: value expected 13 bytes got 12\n');
    expect(result.status).toBe(255);
    expect(world.reference('-j', 'map', 'dump', 'pinned', world.get('config').pin)).toBe(before);
  });
});

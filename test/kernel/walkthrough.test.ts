// The walk-through of the bpf() system call, on the real kernel through the real program.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');
const pins = '/sys/fs/bpf/walk_through';
const namespace = `wt${process.pid}`;

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: project });
  return { status, stdout, stderr };
}
const tool = (line: string) => run(process.execPath, path.join(project, 'bin/tsbpftool.js'), ...line.split(' '));

function mustRun(result: ReturnType<typeof run>): string {
  expect(result).toMatchObject({ status: 0, stderr: '' });
  return result.stdout;
}

beforeAll(() => {
  rmSync(pins, { recursive: true, force: true });
  mkdirSync(pins);
});
afterAll(() => {
  rmSync(pins, { recursive: true, force: true });
  run('ip', 'netns', 'del', namespace);
});

describe('messages of fixed size', () => {
  const words = 'value hex 48 65 6c 6c 6f 20 32 0 0 0 0 0';

  beforeAll(() => {
    mustRun(tool(`prog loadall test/fixtures/objects/message-sizes.bpf.o ${pins}/sizes pinmaps ${pins}/maps`));
  });

  it('take exactly as many bytes as they have', () => {
    mustRun(tool(`map update pinned ${pins}/maps/config12 key 0x2 0 0 0 ${words}`));
    expect(mustRun(tool(`map dump pinned ${pins}/maps/config12`))).toBe(
      '[{\n        "key": 2,\n        "value": {\n            "message": "Hello 2"\n        }\n    }\n]\n',
    );
  });

  it('refuse one byte less and stay as they were', () => {
    expect(tool(`map update pinned ${pins}/maps/config13 key 0x2 0 0 0 ${words}`)).toEqual({
      status: 255,
      stdout: '',
      stderr: 'Error: value expected 13 bytes got 12\n',
    });
    expect(mustRun(tool(`map dump pinned ${pins}/maps/config13`))).toBe('[]\n');
  });
});

describe('an XDP program', () => {
  it('is pinned by a load', () => {
    mustRun(tool(`prog load examples/hello.bpf.o ${pins}/hello`));
    expect(existsSync(`${pins}/hello`)).toBe(true);
    expect(mustRun(tool(`prog show pinned ${pins}/hello`))).toMatch(
      /^\d+: xdp {2}name hello {2}tag [0-9a-f]{16} {2}gpl\n/,
    );
  });

  it('that ip attached to a device is visible', () => {
    mustRun(run('ip', 'netns', 'add', namespace));
    mustRun(run('ip', '-n', namespace, 'link', 'add', 'wt0', 'type', 'veth', 'peer', 'name', 'wt1'));
    const before = JSON.parse(mustRun(tool('-j prog show'))) as { id: number; name?: string }[];
    const attach = run(
      'ip',
      '-n',
      namespace,
      'link',
      'set',
      'dev',
      'wt0',
      'xdp',
      'obj',
      'examples/hello.bpf.o',
      'sec',
      'xdp',
    );
    expect(attach.status, attach.stderr).toBe(0);
    const after = JSON.parse(mustRun(tool('-j prog show'))) as { id: number; name?: string; type: string }[];
    const known = new Set(before.map(({ id }) => id));
    expect(after.filter(({ id, name, type }) => !known.has(id) && name === 'hello' && type === 'xdp')).toHaveLength(1);
  });
});

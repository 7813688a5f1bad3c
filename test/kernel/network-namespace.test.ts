// `--netns`: commands that see the network of another namespace.
import { execFileSync, spawn, spawnSync } from 'node:child_process';

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
const name = 'tsb_netns';
const device = 'tsb_dummy';

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

function run(words: string[], options: { input?: string; before?: string[] } = {}): Result {
  const [file = '', ...argv] = [...(options.before ?? []), process.execPath, tool, ...words];
  const { status, stdout, stderr } = spawnSync(file, argv, { encoding: 'utf8', input: options.input ?? '' });
  return { status, stdout, stderr };
}

const seen = (...words: string[]) => run([...words, 'feature', 'probe', 'dev', device]);
let holder: ReturnType<typeof spawn>;

beforeAll(async () => {
  execFileSync('ip', ['netns', 'add', name]);
  execFileSync('ip', ['-n', name, 'link', 'add', device, 'type', 'veth', 'peer', 'name', `${device}2`]);
  holder = spawn('ip', ['netns', 'exec', name, 'sh', '-c', 'echo in; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout!.once('data', resolve));
});
afterAll(() => {
  holder?.kill('SIGKILL');
  spawnSync('ip', ['netns', 'del', name]);
});

describe('--netns', () => {
  it('lets a command see the devices of a namespace by name, process or path', () => {
    expect(seen().stderr).toBe(`Error: unrecognized netdevice '${device}': No such device\n`);
    for (const how of [name, String(holder.pid), `/run/netns/${name}`, `/proc/${holder.pid}/ns/net`]) {
      const { status, stdout, stderr } = seen('--netns', how);
      expect({ status, stderr }, how).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('eBPF program_type xdp is');
    }
    expect(run(['feature', 'probe', 'dev', device, `--netns=${name}`]).status).toBe(0);
  });

  it('holds for every line of a batch', () => {
    const lines = `feature probe dev ${device}\nfeature probe dev ${device}2\n`;
    expect(run(['--netns', name, 'batch', 'file', '-'], { input: lines }).status).toBe(0);
    expect(run(['batch', 'file', '-'], { input: lines }).status).toBe(255);
  });

  it.each([
    ['tsb_nowhere', "can't open network namespace 'tsb_nowhere' (/run/netns/tsb_nowhere): No such file or directory"],
    ['4294967295', "can't open network namespace '4294967295' (/proc/4294967295/ns/net): No such file or directory"],
    ['./absent', "can't open network namespace './absent' (./absent): No such file or directory"],
    [
      '/proc/self/ns/mnt',
      "can't enter network namespace '/proc/self/ns/mnt' (/proc/self/ns/mnt): Invalid argument, it is none",
    ],
    ['/dev/null', "can't enter network namespace '/dev/null' (/dev/null): Invalid argument, it is none"],
    ['', "'' is no network namespace: expected NAME, PID or PATH"],
    ['..', "'..' is no network namespace: expected NAME, PID or PATH"],
  ])('%j is refused and nothing is run', (how, message) => {
    expect(run(['--netns', how, 'version'])).toEqual({ status: 255, stdout: '', stderr: `Error: ${message}\n` });
    expect(JSON.parse(run(['-j', 'version', '--netns', how]).stdout)).toEqual({ error: message });
  });

  it('says what it takes where that is missing', () => {
    const before = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin'];
    const { status, stderr } = run(['--netns', name, 'version'], { before });
    expect(status).toBe(255);
    expect(stderr).toMatch(
      /^Error: can't enter network namespace .*: Operation not permitted, it takes CAP_SYS_ADMIN\n$/,
    );
  });

  it('has no abbreviation, as none of these words may mean something else than in bpftool', () => {
    expect(run(['--n', 'version']).status).toBe(0);
    expect(run(['--net', name, 'version']).stderr).toMatch(/^Error: unrecognized option '--net'\n/);
    expect(run(['--netns']).stderr).toMatch(/^Error: unrecognized option '--netns'\n/);
  });
});

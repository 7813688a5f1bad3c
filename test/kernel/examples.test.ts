// Every program of examples/, run on the kernel as its first line says.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKernel } from '../../src/sys/index.ts';
import type { TypedMap } from '../../src/kernel/index.ts';
import { load } from '../../src/index.ts';
import { FeatureMissing, kernelAtLeast, orSkipLater } from '../support/feature.ts';
import { compiled, start } from '../support/examples/run.ts';

const project = path.resolve(import.meta.dirname, '../..');
const namespace = `tnt_examples_${process.pid}`;
const [device, peer] = [`tex${process.pid}`, `tey${process.pid}`].map((name) => name.slice(0, 15)) as [string, string];
const root = readFileSync('/proc/self/mounts', 'utf8')
  .split('\n')
  .map((line) => line.split(' '))
  .find(([, , type]) => type === 'cgroup2')?.[1];
const cgroup = `${root}/t_examples_${process.pid}`;

const ip = (...words: string[]) => execFileSync('ip', words, { encoding: 'utf8' });

beforeAll(() => {
  ip('netns', 'add', namespace);
  ip('link', 'add', device, 'type', 'veth', 'peer', 'name', peer, 'netns', namespace);
  ip('addr', 'add', '10.77.0.1/24', 'dev', device);
  ip('link', 'set', device, 'up');
  ip('-n', namespace, 'addr', 'add', '10.77.0.2/24', 'dev', peer);
  ip('-n', namespace, 'link', 'set', peer, 'up');
});
afterAll(() => {
  spawnSync('ip', ['netns', 'del', namespace]);
  if (existsSync(cgroup)) rmdirSync(cgroup);
});

/** Sends datagrams from the other namespace for as long as `until` is not settled. */
async function sendUntil(until: Promise<unknown>): Promise<void> {
  const script = `const socket = require('dgram').createSocket('udp4');
    const send = () => socket.send('packet', 9, '10.77.0.1', () => setTimeout(send, 5)); send();
    process.stdin.on('end', () => process.exit()).resume();`;
  const { spawn } = await import('node:child_process');
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', script], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  try {
    await until;
  } finally {
    child.stdin.end();
    await new Promise((resolve) => child.once('close', resolve));
  }
}

describe('examples/', () => {
  it('has a test here for each of its programs', () => {
    const text = readFileSync(import.meta.filename, 'utf8');
    const programs = readdirSync(path.join(project, 'examples')).filter((name) => /^[\w-]+(?:\.test)?\.ts$/.test(name));
    const parts = ['greeter.ts', 'greet.ts'];
    expect(programs.filter((name) => !parts.includes(name) && !text.includes(`'examples/${name}'`))).toEqual([]);
    expect(programs.length).toBeGreaterThan(10);
  });

  it('walk-through: greets programs that start', async () => {
    const running = start('examples/walk-through.ts', ['3', '0=Hey root!']);
    await running.printed(/^ready$/m);
    execFileSync('/bin/true');
    expect(await running.ended).toMatch(/^.+ \d+ \(user 0\): Hey root!$/m);
  });

  it('xdp-counter: shows how many packets come a second', async () => {
    const running = start('examples/xdp-counter.ts', [device, '2']);
    await running.printed(/^ready$/m);
    await sendUntil(running.ended);
    expect(await running.ended).toMatch(/^(?:.*, )?UDP [1-9]\d*\/s/m);
  });

  it('connect-logger: names who connects where', async () => {
    expect(root, 'a cgroup2 file system').toBeDefined();
    mkdirSync(cgroup);
    const running = start('examples/connect-logger.ts', [cgroup, '3']);
    await running.printed(/^ready$/m);
    const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    const connect = `echo $$ > ${cgroup}/cgroup.procs; exec ${process.execPath} -e "require('net').connect(${port}, '127.0.0.1').resume()"`;
    const { spawn } = await import('node:child_process');
    await new Promise((resolve) => spawn('sh', ['-c', connect], { stdio: 'ignore' }).once('close', resolve));
    server.close();
    const output = await running.ended;
    expect(output).toMatch(new RegExp(`^\\S+ \\(\\d+\\) connects to 127\\.0\\.0\\.1:${port}$`, 'm'));
    expect(output).toMatch(/^0 were missed$/m);
  });

  it('drop-list: drops what comes from the networks it is given, and counts it', async (context) => {
    await orSkipLater(context, async () => {
      if (!kernelAtLeast('6.6')) throw new FeatureMissing('tcx', '6.6');
      const running = start('examples/drop-list.ts', [device, '1', '10.77.0.0/16', '10.77.0.2', '192.0.2.0/24']);
      await running.printed(/^ready$/m);
      await sendUntil(running.ended);
      const output = await running.ended;
      expect(output).toMatch(/^10\.77\.0\.2\/32: [1-9]\d* dropped$/m);
      expect(output).toMatch(/^192\.0\.2\.0\/24: 0 dropped$/m);
    });
  });

  it('latency: shows how long calls of a function take', async () => {
    const libc = readFileSync('/proc/self/maps', 'utf8').match(/\S*\/libc\.so\.6/)?.[0];
    const running = start('examples/latency.ts', [libc!, 'malloc', '1']);
    await running.printed(/^ready$/m);
    execFileSync('ls', ['/']);
    expect(await running.ended).toMatch(/^ +\d+ ns +[1-9]\d* {2}\*+$/m);
  });

  it('offsets: has those that the kernel tells itself', async (context) => {
    await orSkipLater(context, async () => {
      const task = JSON.parse(await start('examples/offsets.ts').ended) as Record<string, number | boolean>;
      const tool = path.join(project, 'bin/tsbpftool.js');
      const words = ['btf', 'find', 'file', '/sys/kernel/btf/vmlinux', 'task_struct.comm', '-j'];
      const found = JSON.parse(execFileSync(process.execPath, [tool, ...words], { encoding: 'utf8' }));
      expect(JSON.stringify(found)).toContain(`"byte_offset":${task.comm},`);
      expect(task).toMatchObject({ comm_size: 16, has_new_state: true, has_state: false });
    });
  });

  it('tasks: lists the threads of a process', async (context) => {
    await orSkipLater(context, async () => {
      const running = start('examples/tasks.ts', [String(process.pid)]);
      const lines = (await running.ended).trim().split('\n');
      const tasks = lines.map((line) => JSON.parse(line) as { pid: number; tid: number });
      expect(tasks.map(({ tid }) => tid)).toContain(process.pid);
      expect(tasks.every(({ pid }) => pid === process.pid)).toBe(true);
    });
  });

  it('congestion: is what a connection asks for', async (context) => {
    await orSkipLater(context, async () => {
      const running = start('examples/congestion.ts', ['3']);
      await running.printed(/^ready$/m);
      const known = readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8');
      expect(known.split(/\s+/)).toContain('bpf_counting');
      expect(await running.ended).toMatch(/^\d+ connections, \d+ acknowledgements$/m);
    });
  });

  it('export: prints a map as lines of JSON', async () => {
    using object = load(path.join(project, 'examples/hello-ring-buffer-config.bpf.o'));
    const config = object.maps.config as TypedMap<number, { message: string }>;
    config.set(501, { message: 'Hi user 501!' });
    const pin = `/sys/fs/bpf/t_export_${process.pid}`;
    config.map.pin(pin);
    try {
      expect(await start('examples/export.ts', [pin]).ended).toBe('{"key":501,"value":{"message":"Hi user 501!"}}\n');
    } finally {
      openKernel().unlink(pin);
    }
  });

  it('fake-kernel: a unit test that needs no rights', async () => {
    const drop = [
      'setpriv',
      '--bounding-set=-all',
      '--inh-caps=-all',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
    ];
    const file = compiled('examples/fake-kernel.test.ts');
    const [program = '', ...words] = [...drop, process.execPath, '--test', file];
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: project, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/pass 1\b/);
  });
});

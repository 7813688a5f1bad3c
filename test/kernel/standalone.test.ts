// The standalone file: made here, and used as somebody would on a host without Node.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledFolders } from '../../scripts/standalone/packages.mjs';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-standalone-'));
const { version } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as { version: string };
const file = path.join(folder, `tsbpftool-${version}-linux-${process.arch}`);
/** Nothing of Node, and no name to find it by. */
const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

function make(from: string, to: string): void {
  const words = [path.join(from, 'scripts/standalone.mjs'), '--file-only', '--outdir', to];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function run(words: string[], options: { cwd?: string; input?: string; before?: string[] } = {}) {
  const [program = '', ...rest] = [...(options.before ?? []), file, ...words];
  const { status, signal, stdout, stderr } = spawnSync(program, rest, {
    encoding: 'utf8',
    env,
    cwd: options.cwd ?? '/',
    input: options.input ?? '',
  });
  return { status, signal, stdout, stderr };
}

describe('the standalone file', () => {
  beforeAll(() => make(project, folder));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is the same to the byte when it is made again elsewhere', () => {
    const elsewhere = path.join(folder, 'elsewhere');
    for (const name of ['src', 'scripts', 'bin', 'package.json', 'package-lock.json', 'tsconfig.json']) {
      cpSync(path.join(project, name), path.join(elsewhere, name), { recursive: true });
    }
    for (const name of [...bundledFolders(), 'node_modules/.package-lock.json']) {
      cpSync(path.join(project, name), path.join(elsewhere, name), { recursive: true });
    }
    for (const name of ['bun', '@oven']) {
      symlinkSync(path.join(project, 'node_modules', name), path.join(elsewhere, 'node_modules', name));
    }
    make(elsewhere, path.join(elsewhere, 'out'));
    const sumOf = (name: string) => createHash('sha256').update(readFileSync(name)).digest('hex');
    expect(sumOf(path.join(elsewhere, 'out', path.basename(file)))).toBe(sumOf(file));
  });

  it('says its version, and that of bpftool under that name', () => {
    expect(run(['version']).stdout).toContain(`tsbpftool v${version}\n`);
    const link = path.join(folder, 'bpftool');
    symlinkSync(file, link);
    const { stdout } = spawnSync(link, ['version'], { encoding: 'utf8', env });
    expect(stdout).toMatch(/^bpftool v7\.8\.0\nusing libbpf v1\.8\n/);
  });

  it('creates, changes and dumps a map, with calls on another thread', () => {
    const pin = `/sys/fs/bpf/t_alone_${process.pid}`;
    try {
      const words = `map create ${pin} type hash key 4 value 8 entries 8 name t_alone`.split(' ');
      expect(run(words)).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
      const update = `map update pinned ${pin} key 1 0 0 0 value 2 0 0 0 0 0 0 0\n`;
      expect(run(['batch', 'file', '-'], { input: update }).status).toBe(0);
      const dumped = run(['-j', 'map', 'dump', 'pinned', pin]);
      expect(JSON.parse(dumped.stdout)).toEqual([
        {
          key: ['0x01', '0x00', '0x00', '0x00'],
          value: ['0x02', '0x00', '0x00', '0x00', '0x00', '0x00', '0x00', '0x00'],
        },
      ]);
    } finally {
      rmSync(pin, { force: true });
    }
  });

  it('needs no writable folder and leaves nothing in /tmp', () => {
    const script = 'mount -t tmpfs -o ro none /tmp && exec "$@"';
    const before = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
    // The file itself lies below /tmp: it is run by its descriptor.
    const fd = openSync(file, 'r');
    try {
      const { status, stderr } = spawnSync(before[0]!, [...before.slice(1), '/proc/self/fd/3', 'map', 'show'], {
        encoding: 'utf8',
        env,
        stdio: ['ignore', 'pipe', 'pipe', fd],
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    } finally {
      closeSync(fd);
    }
  });

  it('runs in a read-only root that holds only its libraries', () => {
    const root = path.join(folder, 'root');
    const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' });
    const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(/g)].map(([, name]) => name!);
    expect(libraries.length).toBeGreaterThan(1);
    for (const name of libraries) {
      mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
      cpSync(name, path.join(root, name), { dereference: true });
    }
    for (const name of ['proc', 'sys/fs/bpf']) mkdirSync(path.join(root, name), { recursive: true });
    cpSync(file, path.join(root, 'tsbpftool'));
    const script = `mount --bind ${root} ${root} && mount -o remount,ro,bind ${root} && mount -t proc proc ${root}/proc && exec chroot ${root} "$@"`;
    const words = ['--mount', 'sh', '-c', script, 'sh', '/tsbpftool', 'map', 'show'];
    const { status, stderr } = spawnSync('unshare', words, {
      encoding: 'utf8',
      env: { ...env, PATH: `${env.PATH}:/usr/sbin` },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('says what a user without rights lacks, as the program on Node does', () => {
    const before = [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--inh-caps=-all',
      '--bounding-set=-all',
    ];
    const readable = path.join(os.tmpdir(), `tsbpftool-nobody-${process.pid}`);
    cpSync(file, readable);
    try {
      const words = [...before.slice(1), readable, 'map', 'show'];
      const { status, stderr } = spawnSync(before[0]!, words, { encoding: 'utf8', env });
      expect(status).toBe(255);
      expect(stderr).toMatch(/^Error: /);
    } finally {
      rmSync(readable);
    }
  });

  it('refuses to run with rights that its caller does not have', () => {
    const raised = path.join(os.tmpdir(), `tsbpftool-raised-${process.pid}`);
    cpSync(file, raised);
    try {
      expect(spawnSync('chown', ['1:1', raised]).status).toBe(0);
      expect(spawnSync('chmod', ['6755', raised]).status).toBe(0);
      const before = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
      const { status, stderr } = spawnSync(before[0]!, [...before.slice(1), raised, 'version'], {
        encoding: 'utf8',
        env,
      });
      // Below a mount with `nosuid` the kernel ignores the bits, and there is nothing to refuse.
      if (/nosuid/.test(mountOptionsOf(os.tmpdir()))) return;
      expect(status).toBe(255);
      expect(stderr).toMatch(/more rights than its caller/);
    } finally {
      rmSync(raised);
    }
  });

  it('ends quietly when its reader is gone, and says what a full disk did', () => {
    const shell = (line: string) => spawnSync('bash', ['--norc', '-c', line], { encoding: 'utf8', env });
    const piped = shell(
      `${file} btf dump file /sys/kernel/btf/vmlinux 2>/dev/null | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`,
    );
    expect(piped.stderr).toBe('');
    expect(piped.stdout.trim()).toBe('141');
    const full = shell(`${file} version > /dev/full`);
    expect(full).toMatchObject({ status: 255, stderr: "Error: can't write output: No space left on device\n" });
  });

  it('takes no program from a folder where it is called', () => {
    const cwd = path.join(folder, 'hostile');
    mkdirSync(cwd);
    writeFileSync(path.join(cwd, 'bunfig.toml'), 'preload = ["./evil.js"]\n');
    writeFileSync(path.join(cwd, '.env'), 'BUN_CONFIG=1\n');
    writeFileSync(path.join(cwd, 'evil.js'), 'console.log("evil");\n');
    writeFileSync(path.join(cwd, 'package.json'), '{"name": "tsbpftool", "version": "6.6.6"}\n');
    mkdirSync(path.join(cwd, 'locales'));
    writeFileSync(path.join(cwd, 'locales/en.json'), '{"Options:": "evil"}\n');
    expect(run(['version'], { cwd }).stdout).toMatch(new RegExp(`^tsbpftool v${version}\n`));
    expect(run(['help', 'map', 'export'], { cwd }).stdout).not.toContain('evil');
  });

  it('explains commands of its own and reads their options', () => {
    const { status, stdout } = run(['map', 'import', '--help']);
    expect({ status, begin: stdout.slice(0, 7) }).toEqual({ status: 0, begin: 'Usage: ' });
    expect(stdout).toMatch(/^ +--keep-going {2,}\S/m);
    expect(run(['map', 'import', 'name', 'none', '--keep'])).toMatchObject({ status: 255, stderr: '' });
    expect(run(['map', 'import', 'name', 'none', '--kept']).stderr).toBe("Error: unrecognized option '--kept'\n");
  });
});

function mountOptionsOf(place: string): string {
  const { stdout } = spawnSync('findmnt', ['-no', 'OPTIONS', '-T', place], { encoding: 'utf8' });
  return stdout;
}

// What the virtual machine finds: busybox, Node with its libraries, the built package, fixtures, the reference, tests.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SetupError } from '../lib/setup-error.mjs';
import { CpioWriter } from './cpio.mjs';
import { addGuest } from './guest.mjs';
import { modules as wantedModules } from './kernels.mjs';
import { processors } from './machine.mjs';

const init = `#!/bin/busybox sh
export PATH=/usr/bin:/usr/sbin:/bin:/sbin HOME=/root TSBPFTOOL_PROJECT=/project TSBPFTOOL_SANDBOX=1 TSBPFTOOL_MACHINE=1 NODE_NO_WARNINGS=1
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mkdir -p /tmp /run /root /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for module in /modules/*.ko; do [ -e "$module" ] && insmod "$module"; done
ip link set lo up
ulimit -c 0
ulimit -l unlimited
case $TSBPFTOOL_RESULTS in /dev/tty*) stty raw -echo <$TSBPFTOOL_RESULTS ;; esac
echo "tests start" >/dev/console
node --stack-trace-limit=20 /project/run.mjs >/dev/console 2>&1
echo "tests ended with $?" >/dev/console
sync
poweroff -f
`;

/** Programs of this machine that go in, with the libraries they are linked to. */
const programs = ['node', 'ip', 'tc', 'setpriv', 'nsenter', 'unshare', 'bash', 'script', 'prlimit'];

/**
 * Writes the part that all machines share.
 * @param {string} file
 * @param {{project: string, bundle: string, standalone?: string, guest?: any}} contents `bundle` is the file of
 *   tests; `standalone` the program that they try, in place of the one that runs on Node; `guest` where the processor is another
 */
export function writeSharedInitramfs(file, { project, bundle, standalone, guest }) {
  const archive = new CpioWriter(file);
  const { results } = processors[guest?.architecture ?? 'amd64'];
  const program = `export TSBPFTOOL_RESULTS=${results}\n${standalone === undefined ? '' : 'export TSBPFTOOL=/project/standalone\n'}`;
  archive.file(
    '/init',
    Buffer.from(init.replace('\n/bin/busybox --install', `\n${program}/bin/busybox --install`)),
    0o755,
  );
  if (standalone !== undefined) archive.file('/project/standalone', readFileSync(standalone), 0o755);
  const added = new Set();
  const add = (from, to) => {
    if (added.has(to)) return;
    added.add(to);
    archive.file(to, readFileSync(from), 0o755);
  };
  archive.link('/bin/sh', 'busybox');
  if (guest === undefined) {
    add(which('busybox'), '/bin/busybox');
    for (const name of programs) {
      const program = name === 'node' ? process.execPath : which(name);
      add(realpathSync(program), `/usr/bin/${name}`);
      for (const library of librariesOf(program)) add(realpathSync(library), library);
    }
  } else addGuest(archive, guest, programs);
  for (const name of ['bin', 'dist', 'examples', 'package.json']) {
    // What is packed for people who install it is no part of the program.
    const isMeant = (inner) => !/\.map$|\/dist\/(?:standalone|release)$/.test(inner);
    archive.copy(realpathSync(path.join(project, name)), `/project/${name}`, isMeant);
  }
  archive.copy(realpathSync(path.join(project, 'test/fixtures')), '/project/test/fixtures');
  archive.copy(realpathSync(path.join(project, 'test/golden/trace')), '/project/test/golden/trace');
  // The machines have no compiler; those of other processors go without.
  if (guest === undefined) archive.file('/project/test/fixtures/trace/calls', compiled(project), 0o755);
  archive.copy(
    guest?.reference ?? realpathSync(path.join(project, '.cache/reference')),
    '/project/.cache/reference',
    (inner) => !/\/usr\/(share|lib\/\w+-linux-gnu\/gconv)$/.test(inner),
  );
  for (const name of runtimePackages(project)) {
    if (guest !== undefined && name.startsWith('@koromix/')) {
      archive.copy(guest.foreignFunctions, `/project/node_modules/@koromix/koffi-linux-${guest.architecture}`);
      continue;
    }
    archive.copy(realpathSync(path.join(project, 'node_modules', name)), `/project/node_modules/${name}`);
  }
  archive.file('/project/run.mjs', readFileSync(bundle));
  for (const name of ['/etc/passwd', '/etc/hostname']) {
    archive.file(name, Buffer.from(name.endsWith('passwd') ? 'root:x:0:0::/root:/bin/sh\n' : 'virtual\n'));
  }
  for (const name of ['/proc', '/sys', '/dev', '/tmp', '/root', '/run']) archive.folder(name);
  archive.end();
}

/** Writes the part of one machine: which tests run in it, and the modules they need of its kernel, unpacked. */
export function writeOwnInitramfs(file, { modules: folder, filter }) {
  const archive = new CpioWriter(file);
  archive.folder('/project');
  archive.file('/project/filter.json', Buffer.from(JSON.stringify(filter)));
  archive.folder('/modules');
  if (folder !== undefined) {
    const found = readdirSync(folder, { recursive: true }).map(String);
    wantedModules.forEach((name, index) => {
      const inner = found.find((candidate) => new RegExp(`/${name}\\.ko(\\.xz|\\.zst)?$`).test(candidate));
      if (inner === undefined) return;
      archive.file(`/modules/${index}-${name}.ko`, uncompressed(path.join(folder, inner)));
    });
  }
  archive.end();
}

function uncompressed(file) {
  const program = file.endsWith('.xz') ? 'xz' : file.endsWith('.zst') ? 'zstd' : undefined;
  if (program === undefined) return readFileSync(file);
  const result = spawnSync(program, ['-dc', file], { maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new SetupError(`cannot uncompress ${file} with ${program}`);
  return result.stdout;
}

/** The program whose calls the tests of `trace` look at, for no library's sake linked statically. */
function compiled(project) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-calls-'));
  try {
    const program = path.join(folder, 'calls');
    const source = path.join(project, 'test/fixtures/trace/calls.c');
    const { status } = spawnSync('cc', ['-O1', '-static', '-pthread', '-o', program, source], { stdio: 'inherit' });
    if (status !== 0) throw new SetupError(`cc could not build ${source}; the package gcc has it`);
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packages of node_modules that the built package needs, from the lock file. */
function runtimePackages(project) {
  const { packages } = JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8'));
  const names = Object.entries(packages)
    .filter(([name, about]) => name.startsWith('node_modules/') && about.dev !== true)
    .map(([name]) => name.slice('node_modules/'.length));
  return names.filter(
    (name) => !name.includes('/node_modules/') && existsSync(path.join(project, 'node_modules', name)),
  );
}

function librariesOf(program) {
  const result = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...result.stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]);
}

function which(name) {
  for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']) {
    const file = path.join(folder, name);
    if (folder !== '' && existsSync(file)) return file;
  }
  throw new SetupError(`the program ${name} was not found`);
}

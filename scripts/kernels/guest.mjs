// What a machine of another processor is made of: Debian's packages for it, unpacked, Node and the foreign functions for it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from '../lib/setup-error.mjs';
import { PrivateApt, unpack } from '../setup/apt.mjs';
import { setupReference } from '../setup/reference.mjs';

const suites = ['trixie', 'trixie-backports'];
/** The programs that tests call, and the libraries of these and of Node. */
const packages = [
  ...['bash', 'busybox-static', 'iproute2', 'util-linux', 'bsdutils'],
  ...[
    'libc6',
    'libstdc++6',
    'libgcc-s1',
    'libtinfo6',
    'libreadline8t64',
    'libmnl0',
    'libelf1t64',
    'libcap2',
    'libbpf1',
  ],
  ...['libselinux1', 'libpcre2-8-0', 'libsmartcols1', 'libmount1', 'libblkid1', 'libuuid1', 'libcap-ng0', 'libudev1'],
  ...['libxtables12', 'libtirpc3t64', 'libdb5.3t64', 'libzstd1', 'zlib1g', 'libsystemd0', 'libsepol2', 'libatomic1'],
].map((name) => `${name}/trixie`);

/**
 * @param {string} architecture in Debian's words
 * @param {{project: string, say: (line: string) => void}} options
 * @returns {{architecture: string, root: string, node: string, reference: string, foreignFunctions: string}} a folder with the unpacked packages, programs,
 *   and the package of node_modules that has koffi's part for this processor
 */
export function setupGuest(architecture, { project, say }) {
  const folder = path.join(project, '.cache/guests', architecture);
  const root = path.join(folder, 'root');
  if (!existsSync(root)) {
    const apt = new PrivateApt({
      folder: path.join(project, '.cache/apt', `trixie-${architecture}`),
      suites,
      architecture,
      say,
    });
    const fresh = `${root}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    for (const file of apt.download(packages, path.join(folder, 'packages'))) unpack(file, fresh);
    rmSync(path.join(folder, 'packages'), { recursive: true });
    renameSync(fresh, root);
  }
  const lock = JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8'));
  const koffi = `@koromix/koffi-linux-${architecture}`;
  const known = lock.packages[`node_modules/${koffi}`];
  if (known === undefined) throw new SetupError(`package-lock.json does not pin ${koffi}`);
  return {
    architecture,
    root,
    node: path.join(fromNpm(`node-linux-${architecture}@${process.versions.node}`, folder, say), 'bin/node'),
    foreignFunctions: fromNpm(`${koffi}@${known.version}`, folder, say),
    reference: path.dirname(setupReference(project, say, { architecture })),
  };
}

/** A package of the npm registry, unpacked into `folder` unless it is there. */
function fromNpm(name, folder, say) {
  const unpacked = path.join(folder, name.replaceAll(/[@/]/g, '_'));
  if (existsSync(unpacked)) return path.join(unpacked, 'package');
  say(`downloading ${name}`);
  const fresh = `${unpacked}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const packed = spawnSync('npm', ['pack', '--silent', name], { cwd: fresh, encoding: 'utf8' });
  const file = packed.stdout.trim().split('\n').at(-1) ?? '';
  const untarred = packed.status === 0 ? spawnSync('tar', ['-xzf', file], { cwd: fresh, encoding: 'utf8' }) : packed;
  if (untarred.status !== 0) throw new SetupError(`${name} could not be had: ${untarred.stderr}`);
  rmSync(path.join(fresh, file));
  renameSync(fresh, unpacked);
  return path.join(unpacked, 'package');
}

/** Puts programs and libraries of a guest into its initramfs. */
export function addGuest(archive, { root, node }, programs) {
  const bin = path.join(root, 'usr/bin');
  const sbin = path.join(root, 'usr/sbin');
  archive.file('/bin/busybox', readFileSync(path.join(bin, 'busybox')), 0o755);
  for (const name of programs) {
    const found = [bin, sbin].map((folder) => path.join(folder, name)).find((file) => existsSync(file));
    const file = name === 'node' ? node : found;
    if (file === undefined) throw new SetupError(`the packages of the guest hold no program ${name}`);
    archive.file(`/usr/bin/${name}`, readFileSync(realpathSync(file)), 0o755);
  }
  const libraries = path.join(root, 'usr/lib');
  for (const name of readdirSync(libraries, { recursive: true }).map(String)) {
    if (/(^|\/)[^/]*\.so(\.[^/]*)?$/.test(name) && !/gconv|engines|security/.test(name)) {
      archive.file(`/usr/lib/${name}`, readFileSync(realpathSync(path.join(libraries, name))), 0o755);
    }
  }
  archive.link('/lib', 'usr/lib');
}

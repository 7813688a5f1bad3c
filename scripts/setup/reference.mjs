// The reference the parity tests compare with: bpftool 7.8.0 as Debian builds it, in a private folder, started
// through that folder's own dynamic loader and C library.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from '../lib/setup-error.mjs';
import { PrivateApt, unpack } from './apt.mjs';

export const referenceVersion = '7.8.0';
const suites = ['trixie', 'trixie-backports'];
const packages = [
  'bpftool/trixie-backports',
  ...['libc6', 'libelf1t64', 'libssl3t64', 'zlib1g', 'libzstd1', 'libcap2'].map((name) => `${name}/trixie`),
];

/** Where the reference is, or will be, installed. `BPFTOOL` names another program instead. */
export function referencePath(project) {
  return process.env.BPFTOOL || path.join(project, '.cache/reference/bpftool');
}

/** The version a bpftool prints, or undefined when it does not run. */
export function versionOf(program) {
  const result = spawnSync(program, ['version'], { encoding: 'utf8' });
  return result.status === 0 ? /^\S*bpftool v(\S+)/.exec(result.stdout)?.[1] : undefined;
}

/**
 * Installs the reference unless it is there already; answers its path. Fast when present.
 * @param {string} project
 * @param {(line: string) => void} say
 * @param {{architecture?: string}} options that of another machine, in Debian's words: it cannot be tried here
 */
export function setupReference(project, say = () => {}, { architecture } = {}) {
  if (architecture !== undefined) {
    const folder = path.join(project, `.cache/reference-${architecture}`);
    if (!existsSync(folder)) install(folder, { project, say, architecture });
    return path.join(folder, 'bpftool');
  }
  const program = referencePath(project);
  const version = versionOf(program);
  if (process.env.BPFTOOL) {
    if (version === undefined) throw new SetupError(`BPFTOOL=${program} does not run as a bpftool`);
    if (version !== referenceVersion) {
      say(`warning: BPFTOOL=${program} is version ${version}; the tests are written for ${referenceVersion}`);
    }
    return program;
  }
  if (version === referenceVersion) return program;

  const folder = path.dirname(program);
  install(folder, { project, say });
  const installed = versionOf(program);
  if (installed !== referenceVersion) {
    throw new SetupError(
      installed === undefined
        ? `the reference bpftool was installed to ${folder} but does not run`
        : `the archive now has bpftool ${installed}, the tests are written for ${referenceVersion}; set BPFTOOL=/path`,
    );
  }
  return program;
}

/**
 * Downloads the packages and unpacks them into `folder`, with a script that starts the program.
 * @param {string} folder
 * @param {{project: string, say: (line: string) => void, architecture?: string}} options
 */
function install(folder, { project, say, architecture }) {
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const lists = architecture === undefined ? 'trixie' : `trixie-${architecture}`;
  const apt = new PrivateApt({ folder: path.join(project, '.cache/apt', lists), suites, architecture, say });
  const root = path.join(fresh, 'root');
  for (const file of apt.download(packages, path.join(fresh, 'packages'))) unpack(file, root);
  rmSync(path.join(fresh, 'packages'), { recursive: true, force: true });
  writeFileSync(path.join(fresh, 'bpftool'), launcher(root));
  chmodSync(path.join(fresh, 'bpftool'), 0o755);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

/** A shell script that starts the unpacked program; its paths are relative to the script, so the folder may move. */
function launcher(root) {
  const loader = find(root, /^ld-linux.*\.so\.\d+$/);
  const libc = find(root, /^libc\.so\.6$/);
  const binary = find(root, /^bpftool$/, /sbin$/);
  const relative = (file) => `"$here/root/${path.relative(root, file)}"`;
  return `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec ${relative(loader)} --argv0 bpftool --library-path ${relative(path.dirname(libc))} ${relative(binary)} "$@"
`;
}

function find(root, name, parent = /./) {
  for (const entry of readdirSync(path.join(root, 'usr'), { recursive: true, withFileTypes: true })) {
    const folder = entry.parentPath ?? entry.path;
    if (name.test(entry.name) && parent.test(folder) && existsSync(path.join(folder, entry.name))) {
      return path.join(folder, entry.name);
    }
  }
  throw new SetupError(`the unpacked packages hold no file like ${name}`);
}

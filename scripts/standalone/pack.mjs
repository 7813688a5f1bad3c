// Packs the standalone file for people who install it: an archive and a Debian package, equal to the byte when made again.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { project } from '../lib/project.mjs';
import { SetupError } from '../lib/setup-error.mjs';
import { notices } from './notices.mjs';

/** Stands for every file's time, in seconds since 1970, so that a package made again is the same. */
const epoch = 1_700_000_000;

/**
 * @param {{file: string, name: string, version: string, target: {debian: string, isMusl: boolean}, outdir: string}} made
 * @returns {string[]} the files made
 */
export function pack({ file, name, version, target, outdir }) {
  const work = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-pack-'));
  try {
    const made = [archive({ file, name, work, outdir })];
    // Debian has no musl systems.
    if (!target.isMusl) made.push(debianPackage({ file, version, target, work, outdir }));
    return made;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function archive({ file, name, work, outdir }) {
  const folder = path.join(work, name);
  put(file, path.join(folder, 'tsbpftool'), 0o755);
  for (const document of ['README.md', 'COMPATIBILITY.md', 'CHANGELOG.md', 'LICENSE']) {
    put(path.join(project, document), path.join(folder, document));
  }
  write(path.join(folder, 'NOTICES.md'), notices());
  for (const kind of ['man', 'completions']) {
    for (const each of readdirSync(path.join(project, kind))) {
      put(path.join(project, kind, each), path.join(folder, kind, each));
    }
  }
  const packed = path.join(outdir, `${name}.tar.xz`);
  const sorted = ['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  // Blocks of a given size and two threads: the outcome does not depend on how many processors there are.
  must('tar', ['-C', work, ...sorted, '-I', 'xz -6 -T2 --block-size=16MiB', '-cf', packed, name]);
  return packed;
}

function debianPackage({ file, version, target, work, outdir }) {
  const root = path.join(work, 'debian');
  put(file, path.join(root, 'usr/bin/tsbpftool'), 0o755);
  const documents = path.join(root, 'usr/share/doc/tsbpftool');
  put(path.join(project, 'LICENSE'), path.join(documents, 'copyright'));
  write(path.join(documents, 'NOTICES.md'), notices());
  for (const page of readdirSync(path.join(project, 'man'))) {
    put(path.join(project, 'man', page), path.join(root, 'usr/share/man/man8', page));
  }
  for (const [from, to] of [
    ['tsbpftool.bash', 'bash-completion/completions/tsbpftool'],
    ['tsbpftool.zsh', 'zsh/vendor-completions/_tsbpftool'],
    ['tsbpftool.fish', 'fish/vendor_completions.d/tsbpftool.fish'],
  ]) {
    put(path.join(project, 'completions', from), path.join(root, 'usr/share', to));
  }
  const kilobytes = Math.ceil(readFileSync(file).length / 1024) + 512;
  write(
    path.join(root, 'DEBIAN/control'),
    `Package: tsbpftool
Version: ${version}
Section: kernel
Priority: optional
Architecture: ${target.debian}
Depends: libc6 (>= 2.17)
Installed-Size: ${kilobytes}
Maintainer: tsbpftool
Description: bpftool's commands, options and output, in one file
 Inspects and changes BPF programs, maps, links and types with the commands and
 the output of bpftool 7.8.0, and without libbpf, libelf or LLVM. Also takes and
 prints typed values, and explains why the verifier refused a program.
`,
  );
  // The name bpftool stays another package's where one has it.
  write(
    path.join(root, 'DEBIAN/postinst'),
    `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  update-alternatives --install /usr/sbin/bpftool bpftool /usr/bin/tsbpftool 10
fi
`,
    0o755,
  );
  write(
    path.join(root, 'DEBIAN/prerm'),
    `#!/bin/sh
set -e
if [ "$1" = remove ] || [ "$1" = deconfigure ]; then
  update-alternatives --remove bpftool /usr/bin/tsbpftool
fi
`,
    0o755,
  );
  const packed = path.join(outdir, `tsbpftool_${version}_${target.debian}.deb`);
  must('find', [root, '-exec', 'touch', '--no-dereference', `--date=@${epoch}`, '{}', '+']);
  must('dpkg-deb', ['--root-owner-group', '-Zxz', '-z6', '--threads-max=2', '--build', root, packed]);
  return packed;
}

function put(from, to, mode = 0o644) {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to);
  must('chmod', [mode.toString(8), to]);
}

function write(file, text, mode = 0o644) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
}

function must(program, argv) {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  const result = spawnSync(program, argv, { encoding: 'utf8', env });
  if (result.status !== 0) {
    throw new SetupError(`${program} failed: ${result.error?.message ?? result.stderr}`);
  }
}

// Debian packages the tests call as programs. Nothing is installed that is there already.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { SetupError } from '../lib/setup-error.mjs';

/** Program → the Debian package that brings it. */
export const testPrograms = {
  bash: 'bash',
  chromium: 'chromium',
  dot: 'graphviz',
  fish: 'fish',
  ip: 'iproute2',
  man: 'man-db',
  python3: 'python3-minimal',
  setpriv: 'util-linux',
  strace: 'strace',
  tmux: 'tmux',
  zsh: 'zsh',
};

/** Whether a program of this name is on the search path (sbin folders included). */
export function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders.some((folder) => {
    if (folder === '') return false;
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Installs the packages of the missing programs with apt-get.
 * @param {Record<string, string>} programs program → package
 * @param {(line: string) => void} say
 * @returns {string[]} the programs that are still missing, because this user may not install packages
 */
export function setupPackages(programs, say = () => {}) {
  const missing = Object.keys(programs).filter((name) => !hasProgram(name));
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.map((name) => programs[name]))];
  if (process.getuid?.() !== 0) {
    say(`not installed, as this needs root: ${packages.join(' ')}`);
    return missing;
  }
  if (!hasProgram('apt-get')) {
    say(`not installed, as there is no apt-get: ${packages.join(' ')}`);
    return missing;
  }
  say(`installing the Debian packages ${packages.join(' ')}`);
  apt(['update']);
  apt(['install', '--yes', '--no-install-recommends', ...packages]);
  return Object.keys(programs).filter((name) => !hasProgram(name));
}

function apt(argv) {
  const result = spawnSync('apt-get', ['-q', ...argv], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    maxBuffer: 1 << 26,
  });
  if (result.status === 0) return;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-10).join('\n');
  throw new SetupError(`apt-get ${argv.join(' ')} failed:\n${result.error?.message ?? output}`);
}

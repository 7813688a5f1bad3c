// Runtimes that the standalone file is made of: Bun's own builds, each a package of the npm registry.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { project, say } from '../lib/project.mjs';
import { SetupError } from '../lib/setup-error.mjs';

/**
 * Target → its package, its name in Debian and the processor as Node names it.
 * @type {Record<string, {package: string, debian: string, arch: string, isMusl: boolean}>}
 */
export const targets = {
  x64: { package: '@oven/bun-linux-x64', debian: 'amd64', arch: 'x64', isMusl: false },
  arm64: { package: '@oven/bun-linux-aarch64', debian: 'arm64', arch: 'arm64', isMusl: false },
  'x64-musl': { package: '@oven/bun-linux-x64-musl', debian: 'musl-linux-amd64', arch: 'x64', isMusl: true },
  'arm64-musl': { package: '@oven/bun-linux-aarch64-musl', debian: 'musl-linux-arm64', arch: 'arm64', isMusl: true },
};

/** @returns {{version: string, integrity: string}} as package-lock.json pins them */
function pinned(name) {
  const lock = JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8'));
  const found = lock.packages[`node_modules/${name}`];
  if (found === undefined) throw new SetupError(`package-lock.json does not pin ${name}`);
  return found;
}

/** The Bun that runs on this machine, to compile with. */
export function ownRuntime() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new SetupError(
      `the standalone file is compiled on Linux on x64 or arm64, not on ${process.platform} ${process.arch}`,
    );
  }
  // npm installs the package of its own platform; the package `bun` may move the program into its own folder.
  const installed = [`${targets[process.arch]?.package}/bin/bun`, 'bun/bin/bun.exe'].map((name) =>
    path.join(project, 'node_modules', name),
  );
  const { version } = pinned('bun');
  return installed.find((program) => versionOf(program) === version) ?? runtime(process.arch);
}

/** The version of a Bun, undefined where there is none that runs. */
function versionOf(program) {
  const result = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * Path of the runtime of a target; downloads its package unless that was done, and checks it against package-lock.json.
 * @param {string} target
 */
export function runtime(target) {
  const name = targets[target]?.package ?? '';
  const { version, integrity } = pinned(name);
  const folder = path.join(project, '.cache/runtimes', `${path.basename(name)}-${version}`);
  const program = path.join(folder, 'package/bin/bun');
  if (existsSync(program)) return program;
  say(`downloading ${name} ${version}`);
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const [file = ''] = must('npm', ['pack', '--silent', `${name}@${version}`], fresh)
    .trim()
    .split('\n')
    .slice(-1);
  const archive = path.join(fresh, file);
  const [algorithm = '', digest] = integrity.split('-', 2);
  if (createHash(algorithm).update(readFileSync(archive)).digest('base64') !== digest) {
    throw new SetupError(`${name} ${version} is not the package that package-lock.json names`);
  }
  must('tar', ['-xzf', file], fresh);
  rmSync(archive);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return program;
}

/** Runs a program to its end and answers what it printed. */
function must(program, argv, cwd) {
  const result = spawnSync(program, argv, { cwd, encoding: 'utf8' });
  if (result.status !== 0)
    throw new SetupError(`${program} ${argv.join(' ')} failed: ${result.stderr ?? result.error}`);
  return result.stdout;
}

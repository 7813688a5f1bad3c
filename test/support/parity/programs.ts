// The two programs under comparison, started the same way.
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import type { Outcome } from './case.ts';
import { within } from './scenes/namespace.ts';

export interface Programs {
  /** Words that start the reference and ours; ours runs under the name `bpftool`, as a drop-in would. */
  reference: string[];
  ours: string[];
}

/** The project folder; `TSBPFTOOL_PROJECT` names another one (a virtual machine unpacks its own). */
function projectFolder(): string {
  return process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../../..');
}

/** A bpftool of the same version that was built with LLVM, where somebody provides one; it may not exist. */
export function llvmReference(): string {
  return process.env.BPFTOOL_LLVM ?? path.join(projectFolder(), '.cache/reference-llvm/bpftool');
}

/** `TSBPFTOOL` names another program than the clone's, such as the standalone file; it needs no Node. */
export function findPrograms(work: string): Programs {
  const project = projectFolder();
  const reference = process.env.BPFTOOL ?? path.join(project, '.cache/reference/bpftool');
  for (const [what, file] of [
    ['the reference bpftool', reference],
    ['the built program', path.join(project, 'dist')],
  ] as const) {
    if (!existsSync(file)) throw new Error(`${what} is missing (${file}): start the tests with npm test`);
  }
  mkdirSync(work, { recursive: true });
  const link = path.join(work, 'bpftool');
  rmSync(link, { force: true });
  const file = process.env.TSBPFTOOL;
  symlinkSync(file ?? path.join(project, 'bin/tsbpftool.js'), link);
  return { reference: [reference], ours: file === undefined ? [process.execPath, link] : [link] };
}

export interface RunOptions {
  stdin?: string | undefined;
  env?: Record<string, string> | undefined;
  uid?: number | undefined;
  capabilities?: string | undefined;
  userNamespace?: boolean | undefined;
  /** Path of a network namespace. */
  netns?: string | undefined;
  cwd?: string | undefined;
  /** Shell run before the program, in a mount namespace of their own. */
  within?: string | undefined;
}

/** Starts one program and waits for its end; output is taken byte for byte (as Latin-1, so that no byte is lost). */
export async function run(
  program: string[],
  argv: string[],
  options: RunOptions = {},
): Promise<Omit<Outcome, 'after'>> {
  const inNetwork = options.netns === undefined ? [] : within(options.netns, []);
  const prepared =
    options.within === undefined ? [] : ['unshare', '--mount', 'sh', '-c', `${options.within} && exec "$@"`, 'sh'];
  const [file, ...words] = [...inNetwork, ...prepared, ...privileges(options), ...program, ...argv];
  const result = await execa(file!, words, {
    reject: false,
    stripFinalNewline: false,
    encoding: 'latin1',
    input: options.stdin ?? '',
    env: { LC_ALL: 'C', TZ: 'UTC', NODE_NO_WARNINGS: '1', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    timeout: 60_000,
    maxBuffer: 1 << 28,
  });
  if (result.timedOut) throw new Error(`no end after a minute: ${[file, ...words].join(' ')}`);
  const status = result.exitCode ?? (result.signal === undefined ? -1 : 128 + signalNumber(result.signal));
  if (result.exitCode === undefined && result.signal === undefined)
    throw new Error(`cannot start ${file}: ${result.message}`);
  return { stdout: result.stdout, stderr: result.stderr, status };
}

function privileges({ uid, capabilities, userNamespace }: RunOptions): string[] {
  if (uid !== undefined) return dropPrivileges(uid);
  if (userNamespace) return ['unshare', '--user', '--map-root-user'];
  if (capabilities === undefined) return [];
  const bounded = ['-all', ...capabilities.split(',').filter((name) => name !== '')].join(',');
  return ['setpriv', '--inh-caps=-all', `--bounding-set=${bounded}`];
}

function dropPrivileges(uid: number): string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
}

function signalNumber(signal: string): number {
  return { SIGHUP: 1, SIGABRT: 6, SIGSEGV: 11, SIGPIPE: 13, SIGTERM: 15 }[signal] ?? 0;
}

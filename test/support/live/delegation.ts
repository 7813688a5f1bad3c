// A BPF file system that delegates rights to a user namespace: made by the superuser for a namespace of its own.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import path from 'node:path';
import { Libc } from '../../../src/sys/libc.ts';
import { FeatureMissing, inVirtualMachine } from '../feature.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../../..');
// Numbers of system calls that are the same on every architecture of Node's.
const call = { moveMount: 429, fsopen: 430, fsconfig: 431, fsmount: 432, pidfdOpen: 434, pidfdGetfd: 438 };
const [setString, create] = [1, 6];

const inNamespace = (body: string) =>
  `const koffi = require(${JSON.stringify(path.join(project, 'node_modules/koffi'))}); const libc = koffi.load(null); ${body}`;
const opening = inNamespace(`
  console.log(libc.func('syscall', 'long', ['long', 'str', 'long'])(${call.fsopen}, 'bpf', 0));
  process.stdin.resume();`);
const moving = inNamespace(`
  const types = ['long', 'long', 'str', 'long', 'str', 'long'];
  process.exitCode = libc.func('syscall', 'long', types)(${call.moveMount}, 3, '', -100, process.argv[1], 4) === 0 ? 0 : 1;`);

export interface Namespace extends Disposable {
  /** Runs a program inside, in `/`, as the superuser of the namespace; `fd` becomes its descriptor 3. */
  run(argv: readonly string[], options?: { env?: Record<string, string>; fd?: number }): Outcome;
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine of a native run may refuse user namespaces. */
const missing = (what: string) => new FeatureMissing(what, inVirtualMachine ? '6.9' : undefined);

/** A user and mount namespace, with what is delegated (`any`, or nothing) by the BPF file system mounted at `folder` in it. */
export async function delegatingNamespace(folder: string, delegated: 'any' | undefined): Promise<Namespace> {
  const libc = new Libc();
  const must = (what: string, result: number): number => {
    if (result < 0) throw missing(`${what} fails with errno ${-result}`);
    return result;
  };
  const text = (value: string) => Buffer.from(`${value}\0`);
  const words = ['--user', '--mount', '--map-root-user', process.execPath, '-e', opening];
  const child = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const pid = child.pid!;
  const open: number[] = [];
  const end = () => {
    for (const fd of open.splice(0)) closeSync(fd);
    child.kill('SIGKILL');
  };
  const run: Namespace['run'] = (argv, { env = {}, fd } = {}) => {
    const { status, stdout, stderr } = spawnSync(
      'nsenter',
      ['--target', String(pid), '--user', '--mount', '--preserve-credentials', ...argv],
      {
        encoding: 'utf8',
        cwd: project,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe', fd ?? 'ignore'],
      },
    );
    return { status, stdout, stderr };
  };
  try {
    const line = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk) => resolve(String(chunk)));
      child.once('exit', () => resolve('-1'));
    });
    must('opening a BPF file system in a user namespace', Number(line));
    const keep = (fd: number) => {
      open.push(fd);
      return fd;
    };
    const pidfd = keep(must('pidfd_open', libc.syscall(call.pidfdOpen, [pid, 0])));
    const context = keep(must('pidfd_getfd', libc.syscall(call.pidfdGetfd, [pidfd, Number(line), 0])));
    for (const what of delegated === undefined ? [] : ['cmds', 'maps', 'progs', 'attachs']) {
      const args = [call.fsconfig, context, setString, text(`delegate_${what}`), text(delegated!), 0];
      must('delegating', libc.call('syscall', 'iiippi', args));
    }
    must('making the file system', libc.syscall(call.fsconfig, [context, create, 0, 0, 0]));
    const mount = keep(must('mounting it', libc.syscall(call.fsmount, [context, 0, 0])));
    const moved = run([process.execPath, '-e', moving, folder], { fd: mount });
    if (moved.status !== 0) throw missing(`mounting it in the namespace: ${moved.stderr}`);
  } catch (error) {
    end();
    throw error;
  }
  return { run, [Symbol.dispose]: end };
}

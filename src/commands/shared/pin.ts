import { realpathSync } from 'node:fs';
import { type Context, fail, type Words } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import {
  type BpffsProblem,
  directoryName,
  ensureBpffsDirectory,
  ensureBpffsForFile,
  isBpffs,
} from '../../host/index.ts';
import { type BpfObject, fdKind, type Kernel, openFdPinned } from '../../kernel/index.ts';
import { kernelOf } from './kernel.ts';

/** Opens what is pinned at `path`; fails unless it is of the expected kind. Returns the descriptor. */
export function openPinned(ctx: Context, path: string, kind: 'prog' | 'map' | 'link', flags = 0): number {
  const kernel = kernelOf(ctx);
  const fd = openFdPinned(kernel, path, flags);
  if (fd < 0) {
    if (-fd !== Errno.EACCES) fail(`bpf obj get (${path}): ${strerror(-fd)}`);
    const directory = directoryName(path);
    const reason = isBpffs(kernel, directory) ? strerror(-fd) : 'directory not in bpf file system (bpffs)';
    // The reference names the directory it looked at instead of the path.
    fail(`bpf obj get (${path.includes('/') ? directory : path}): ${reason}`);
  }
  const found = fdKind(kernel, fd);
  if (found !== kind) {
    kernel.close(fd);
    fail(`incorrect object type: ${found === undefined || found === 'btf' ? 'unknown' : found}`);
  }
  return fd;
}

/** Makes sure that `path` is free and its directory on a bpffs, mounting one there where needed and allowed. */
export function mountBpffsForFile(ctx: Context, path: string): void {
  tellMounted(ctx, directoryName(path), () => {
    refuse(ensureBpffsForFile(kernelOf(ctx), path, { noMount: ctx.options.nomount }), 'file');
  });
}

/** Makes sure that `directory` exists and is on a bpffs, creating and mounting it where needed and allowed. */
export function mountBpffsDirectory(ctx: Context, directory: string): void {
  tellMounted(ctx, directory, () => {
    refuse(ensureBpffsDirectory(kernelOf(ctx), directory, { noMount: ctx.options.nomount }), 'directory');
  });
}

/**
 * At a terminal: says what lies under a file system that `mount` has put over a directory, and how to have it back. The
 * reference mounts without a word.
 */
function tellMounted(ctx: Context, directory: string, mount: () => void): void {
  const kernel = kernelOf(ctx);
  if (!ctx.stderrIsTerminal || !kernel.exists(directory) || isBpffs(kernel, directory)) {
    mount();
    return;
  }
  const hidden = kernel.readDirectory(directory).length;
  const before = mountsAt(kernel, directory);
  mount();
  if (hidden === 0 || !isBpffs(kernel, directory)) return;
  const undo = Array.from({ length: mountsAt(kernel, directory) - before }, () => `umount ${directory}`);
  ctx.hint(
    `a BPF file system is now mounted over ${directory} and hides ${hidden} file${hidden === 1 ? '' : 's'} there; ` +
      `\`${undo.join(' && ')}\` brings ${hidden === 1 ? 'it' : 'them'} back and removes what is pinned there`,
  );
}

/** How many file systems are mounted at a directory, one over the other. */
function mountsAt(kernel: Kernel, directory: string): number {
  const place = realpathSync(directory);
  return kernel
    .readText('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.split(' ')[4] === place).length;
}

function refuse(problem: BpffsProblem | undefined, what: 'file' | 'directory'): void {
  if (problem !== undefined) fail(problemText(problem, what));
}

function problemText(problem: BpffsProblem, what: 'file' | 'directory'): string {
  switch (problem.kind) {
    case 'exists':
      return `can't pin BPF object: path '${problem.path}' already exists`;
    case 'noDirectory':
      return what === 'file'
        ? `can't pin BPF object: dir '${problem.directory}' doesn't exist`
        : `can't create dir '${problem.path}' to pin BPF object: parent dir '${problem.directory}' doesn't exist`;
    case 'noMount':
      return 'no BPF file system found, not mounting it due to --nomount option';
    case 'makeDirectory':
      return `failed to create dir '${problem.path}': ${strerror(problem.errno)}`;
    case 'mount':
      return what === 'file'
        ? `can't mount BPF file system to pin the object '${problem.path}': ${problem.failure}`
        : `can't mount BPF file system on given dir '${problem.path}': ${problem.failure}`;
  }
}

/** Pins an open object at `path`. */
export function pinObject(ctx: Context, object: BpfObject, path: string): void {
  mountBpffsForFile(ctx, path);
  const result = object.tryPin(path);
  if (result < 0) fail(`can't pin the object (${path}): ${strerror(-result)}`, { status: result });
}

/** The `pin` verb of any object: `OBJECT FILE`. */
export function pinSelected(ctx: Context, words: Words, select: () => BpfObject): void {
  if (words.left < 3)
    fail(`'${words.previous}' needs at least 3 arguments, ${words.left} found`, { status: -Errno.EINVAL });
  const object = select();
  try {
    pinObject(ctx, object, words.next());
  } finally {
    object.close();
  }
  ctx.json?.null();
}

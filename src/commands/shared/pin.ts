import { dirname } from 'node:path';
import { type Context, fail, type Words } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { isOnBpffs, mountBpffs } from '../../host/index.ts';
import { type BpfObject, fdKind, openFdPinned } from '../../kernel/index.ts';
import { kernelOf } from './kernel.ts';

const noMount = 'no BPF file system found, not mounting it due to --nomount option';

/** Opens what is pinned at `path`; fails unless it is of the expected kind. Returns the descriptor. */
export function openPinned(ctx: Context, path: string, kind: 'prog' | 'map' | 'link', flags = 0): number {
  const kernel = kernelOf(ctx);
  const fd = openFdPinned(kernel, path, flags);
  if (fd < 0) {
    if (-fd !== Errno.EACCES) fail(`bpf obj get (${path}): ${strerror(-fd)}`);
    const directory = dirname(path);
    const reason = isOnBpffs(kernel, directory) ? strerror(-fd) : 'directory not in bpf file system (bpffs)';
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
  const kernel = kernelOf(ctx);
  if (kernel.exists(path)) fail(`can't pin BPF object: path '${path}' already exists`);
  const directory = dirname(path);
  if (isOnBpffs(kernel, directory)) return;
  if (!kernel.exists(directory)) fail(`can't pin BPF object: dir '${directory}' doesn't exist`);
  if (ctx.options.nomount) fail(noMount);
  const problem = mountBpffs(kernel, directory);
  if (problem !== undefined) {
    fail(`can't mount BPF file system to pin the object '${path}': ${problem.step} failed: ${strerror(problem.errno)}`);
  }
}

/** Makes sure that `directory` exists and is on a bpffs, creating and mounting it where needed and allowed. */
export function mountBpffsDirectory(ctx: Context, directory: string): void {
  const kernel = kernelOf(ctx);
  if (isOnBpffs(kernel, directory)) return;
  const exists = kernel.exists(directory);
  if (!exists) {
    const parent = dirname(directory);
    if (isOnBpffs(kernel, parent)) return;
    if (!kernel.exists(parent)) {
      fail(`can't create dir '${directory}' to pin BPF object: parent dir '${parent}' doesn't exist`);
    }
  }
  if (ctx.options.nomount) fail(noMount);
  if (!exists) {
    const made = kernel.makeDirectory(directory, 0o700);
    if (made < 0) fail(`failed to create dir '${directory}': ${strerror(-made)}`);
  }
  const problem = mountBpffs(kernel, directory);
  if (problem !== undefined) {
    if (!exists) kernel.removeDirectory(directory);
    fail(`can't mount BPF file system on given dir '${directory}': ${problem.step} failed: ${strerror(problem.errno)}`);
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

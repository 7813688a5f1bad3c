import { SyscallError, strerror, Errno } from '../errors/index.ts';
import { BPF_FS_MAGIC, type Kernel, MS_BIND, MS_PRIVATE, MS_REC } from '../sys/index.ts';

export interface MountPolicy {
  /** Refuse to mount a BPF file system that is not there yet. */
  noMount?: boolean;
}

/** Why no BPF file system could be provided. `failure` is the text of the mount step that failed. */
export type BpffsProblem =
  | { kind: 'exists'; path: string }
  | { kind: 'noDirectory'; path: string; directory: string }
  | { kind: 'noMount' }
  | { kind: 'makeDirectory'; path: string; errno: number }
  | { kind: 'mount'; path: string; failure: string };

/** True if `path` is on a BPF file system; false also where it does not exist. */
export function isBpffs(kernel: Kernel, path: string): boolean {
  return fileSystemIs(kernel, path, BPF_FS_MAGIC);
}

/** True if `path` is on a file system of this type, a magic number of statfs(2); false also where it cannot be asked. */
export function fileSystemIs(kernel: Kernel, path: string, magic: number): boolean {
  try {
    return kernel.fileSystemType(path) === magic;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

/**
 * Makes sure that the file `path` can be pinned: its directory must exist and be on a BPF file system, which is mounted
 * over the directory if needed. Returns the problem, or undefined when all is well.
 */
export function ensureBpffsForFile(kernel: Kernel, path: string, policy: MountPolicy = {}): BpffsProblem | undefined {
  if (kernel.exists(path)) return { kind: 'exists', path };
  const directory = directoryName(path);
  if (isBpffs(kernel, directory)) return undefined;
  if (!kernel.exists(directory)) return { kind: 'noDirectory', path, directory };
  if (policy.noMount) return { kind: 'noMount' };
  const failure = mountPrivately(kernel, directory, 'bpf');
  return failure === undefined ? undefined : { kind: 'mount', path, failure };
}

/**
 * Makes sure that objects can be pinned below the directory `path`: creates it (its parent must exist) and mounts a BPF
 * file system there, unless it or its parent is on one already; in the latter case nothing is created.
 */
export function ensureBpffsDirectory(kernel: Kernel, path: string, policy: MountPolicy = {}): BpffsProblem | undefined {
  if (isBpffs(kernel, path)) return undefined;
  const exists = kernel.exists(path);
  if (!exists) {
    const directory = directoryName(path);
    if (isBpffs(kernel, directory)) return undefined;
    if (!kernel.exists(directory)) return { kind: 'noDirectory', path, directory };
  }
  if (policy.noMount) return { kind: 'noMount' };
  if (!exists) {
    const result = kernel.makeDirectory(path, 0o700);
    if (result < 0) return { kind: 'makeDirectory', path, errno: -result };
  }
  const failure = mountPrivately(kernel, path, 'bpf');
  if (failure === undefined) return undefined;
  if (!exists) kernel.removeDirectory(path);
  return { kind: 'mount', path, failure };
}

/**
 * Mounts a file system of `type` on `target` with private propagation, so that it shows in no other namespace.
 * Returns undefined, or the text of the step that failed.
 */
export function mountPrivately(kernel: Kernel, target: string, type: string): string | undefined {
  let bound = false;
  for (;;) {
    const result = kernel.mount({ source: '', target, type: 'none', flags: MS_PRIVATE | MS_REC, data: null });
    if (result === 0) break;
    // EINVAL: `target` is no mount point yet. Binding it on itself makes it one.
    if (result !== -Errno.EINVAL || bound) return `mount --make-private ${target} failed: ${strerror(-result)}`;
    const bind = kernel.mount({ source: target, target, type: 'none', flags: MS_BIND, data: null });
    if (bind < 0) return `mount --bind ${target} ${target} failed: ${strerror(-bind)}`;
    bound = true;
  }
  const result = kernel.mount({ source: type, target, type, flags: 0, data: 'mode=0700' });
  return result < 0 ? `mount -t ${type} ${type} ${target} failed: ${strerror(-result)}` : undefined;
}

/** As dirname(3): `.` where the path has no slash. */
export function directoryName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path.startsWith('/') ? '/' : '.';
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return '.';
  return trimmed.slice(0, slash).replace(/\/+$/, '') || '/';
}

import type { Kernel } from '../sys/index.ts';

const magic = 0xcafe4a11;
const MS_REC = 0x4000;
const MS_PRIVATE = 0x40000;

/** True if `path` lies on a BPF file system. */
export function isOnBpffs(kernel: Kernel, path: string): boolean {
  try {
    return kernel.fileSystemType(path) >>> 0 === magic;
  } catch {
    return false;
  }
}

/**
 * Mounts a bpffs on `target`, first making its mount private (bind-mounting it onto itself where it is no mount point).
 * Returns the failing step and -errno, or undefined on success.
 */
export function mountBpffs(kernel: Kernel, target: string): { step: string; errno: number } | undefined {
  let bound = false;
  for (;;) {
    const made = kernel.mount({ source: '', target, type: 'none', flags: MS_PRIVATE | MS_REC, data: null });
    if (made >= 0) break;
    if (made !== -22 || bound) return { step: `mount --make-private ${target}`, errno: -made };
    const MS_BIND = 4096;
    const self = kernel.mount({ source: target, target, type: 'none', flags: MS_BIND, data: null });
    if (self < 0) return { step: `mount --bind ${target} ${target}`, errno: -self };
    bound = true;
  }
  const mounted = kernel.mount({ source: 'bpf', target, type: 'bpf', flags: 0, data: 'mode=0700' });
  return mounted < 0 ? { step: `mount -t bpf bpf ${target}`, errno: -mounted } : undefined;
}

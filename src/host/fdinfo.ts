import { Errno, SyscallError } from '../errors/index.ts';
import { checkResult, type Kernel } from '../sys/index.ts';

/** Keys and values of /proc/self/fdinfo/FD, e.g. `owner_prog_type`, `frozen`. Empty if it cannot be read. */
export function fdInfo(kernel: Kernel, fd: number): Map<string, string> {
  try {
    return parseFdInfo(kernel.readText(`/proc/self/fdinfo/${fd}`));
  } catch (error) {
    if (error instanceof SyscallError) return new Map();
    throw error;
  }
}

/** Splits `key:\tvalue` lines; the first of repeated keys counts. */
export function parseFdInfo(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const key = line.slice(0, colon);
    if (!found.has(key)) found.set(key, line.slice(colon + 1).trim());
  }
  return found;
}

export type FdKind = 'map' | 'prog' | 'link' | 'btf' | 'unknown';

/** What kind of BPF object `fd` of this process is, by the name of its anonymous inode. Throws SyscallError. */
export function fdKind(kernel: Kernel, fd: number): FdKind {
  if (fd < 0) checkResult('readlink', -Errno.EBADF);
  return fdKindOfTarget(kernel.readLink(`/proc/self/fd/${fd}`));
}

/** The kind by what a /proc/PID/fd link reads: `anon_inode:bpf-map`. */
export function fdKindOfTarget(target: string): FdKind {
  if (target.includes('bpf-map')) return 'map';
  if (target.includes('bpf-prog')) return 'prog';
  if (target.includes('bpf-link') || target.includes('bpf_link')) return 'link';
  if (target === 'anon_inode:btf') return 'btf';
  return 'unknown';
}

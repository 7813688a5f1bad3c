import { SyscallError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';

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

/** The kind of BPF object that a /proc/PID/fd link leads to, e.g. `anon_inode:bpf-map`; undefined for anything else. */
export function fdKindOfTarget(target: string): 'map' | 'prog' | 'link' | 'btf' | undefined {
  if (target.includes('bpf-map')) return 'map';
  if (target.includes('bpf-prog')) return 'prog';
  // A link is named one way when created and the other when opened by id.
  if (target.includes('bpf-link') || target.includes('bpf_link')) return 'link';
  return target === 'anon_inode:btf' ? 'btf' : undefined;
}

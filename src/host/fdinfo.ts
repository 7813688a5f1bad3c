import { SyscallError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';

/** The `key:\tvalue` lines of a /proc/PID/fdinfo file. */
export class FdInfo {
  readonly #text: string;

  constructor(text: string) {
    this.#text = `\n${text}`;
  }

  /** The value of a key, e.g. `owner_prog_type`, `frozen`; the first of repeated ones. */
  get(key: string): string | undefined {
    const at = this.#text.indexOf(`\n${key}:`);
    if (at < 0) return undefined;
    const start = at + key.length + 2;
    const end = this.#text.indexOf('\n', start);
    return this.#text.slice(start, end < 0 ? undefined : end).trim();
  }
}

/** What /proc/PID/fdinfo/FD says, by default of a descriptor of this process. Empty if it cannot be read. */
export function fdInfo(kernel: Kernel, fd: number, pid: number | 'self' = 'self'): FdInfo {
  try {
    return new FdInfo(kernel.readText(`/proc/${pid}/fdinfo/${fd}`));
  } catch (error) {
    if (error instanceof SyscallError) return new FdInfo('');
    throw error;
  }
}

/** The kind of BPF object that a /proc/PID/fd link leads to, e.g. `anon_inode:bpf-map`; undefined for anything else. */
export function fdKindOfTarget(target: string): 'map' | 'prog' | 'link' | 'btf' | undefined {
  if (target.includes('bpf-map')) return 'map';
  if (target.includes('bpf-prog')) return 'prog';
  // A link is named one way when created and the other when opened by id.
  if (target.includes('bpf-link') || target.includes('bpf_link')) return 'link';
  return target === 'anon_inode:btf' ? 'btf' : undefined;
}

import type { Kernel } from '../sys/index.ts';

/** The `key:\tvalue` lines of /proc/PID/fdinfo/FD; `pid` is this process unless told. Empty where it cannot be read. */
export function fdInfo(kernel: Kernel, fd: number, pid: number | 'self' = 'self'): Map<string, string> {
  const facts = new Map<string, string>();
  let text: string;
  try {
    text = kernel.readText(`/proc/${pid}/fdinfo/${fd}`);
  } catch {
    return facts;
  }
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) facts.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return facts;
}

import { SyscallError } from '../errors/index.ts';
import { type Kernel, TRACEFS_MAGIC } from '../sys/index.ts';
import { fileSystemIs, type MountPolicy, mountPrivately } from './bpffs.ts';

const usualPlaces = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'] as const;

/** The tracefs that programs are attached through: as in libbpf, that within debugfs where there is one. */
export function attachingTracefs(kernel: Kernel): string {
  const [alone, withinDebugfs] = usualPlaces;
  return kernel.exists(withinDebugfs) ? withinDebugfs : alone;
}

/** What `ensureTracefs` found or did; `failure` is the text of the mount step that failed. */
export type TracefsAnswer =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'noMount' }
  | { readonly kind: 'mount'; readonly failure: string };

/**
 * Where tracefs is. At the usual places, else it is mounted at the first of them, after a call of `onMount`. As in the
 * reference, one that is mounted elsewhere does not count, and a mount that /proc/mounts names but that is gone (or
 * whose path has escaped bytes) is answered as if it were there.
 */
export function ensureTracefs(kernel: Kernel, policy: MountPolicy, onMount: () => void): TracefsAnswer {
  const usual = usualPlaces.find((path) => fileSystemIs(kernel, path, TRACEFS_MAGIC));
  if (usual !== undefined) return { kind: 'found', path: usual };
  const mounted = firstMount(kernel);
  if (mounted === 'unknown') return { kind: 'noMount' };
  if (mounted !== undefined && !fileSystemIs(kernel, mounted, TRACEFS_MAGIC)) return { kind: 'found', path: mounted };
  if (policy.noMount) return { kind: 'noMount' };
  onMount();
  const [target] = usualPlaces;
  const failure = mountPrivately(kernel, target, 'tracefs');
  return failure === undefined ? { kind: 'found', path: target } : { kind: 'mount', failure };
}

/** The first tracefs of /proc/mounts, its path as written there; `unknown` where that file cannot be read. */
function firstMount(kernel: Kernel): string | undefined | 'unknown' {
  try {
    for (const line of kernel.readText('/proc/mounts').split('\n')) {
      const [, path, type] = line.split(' ');
      if (type === 'tracefs') return path;
    }
    return undefined;
  } catch (error) {
    if (error instanceof SyscallError) return 'unknown';
    throw error;
  }
}

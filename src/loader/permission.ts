import type { DiagnosticLog } from '../object/index.ts';
import { type Kernel, RLIM_INFINITY, RLIMIT_MEMLOCK } from '../sys/index.ts';
import { Errno } from '../errors/index.ts';

/** After EPERM as root: the limit of locked memory may be what is in the way on kernels before 5.11. */
export function hintAtMemoryLimit(kernel: Kernel, log: DiagnosticLog, errno: number): void {
  if (errno !== Errno.EPERM || process.geteuid?.() !== 0) return;
  const limit = kernel.getResourceLimit(RLIMIT_MEMLOCK);
  if (typeof limit === 'number' || BigInt.asUintN(64, limit.soft) === RLIM_INFINITY) return;
  const bytes = Number(limit.soft);
  const KiB = 1024;
  const text =
    bytes < KiB
      ? `${bytes} bytes`
      : bytes < KiB * KiB
        ? `${(bytes / KiB).toFixed(1)} KiB`
        : `${(bytes / KiB / KiB).toFixed(1)} MiB`;
  log('warn', `permission error while running as root; try raising 'ulimit -l'? current value: ${text}`);
}

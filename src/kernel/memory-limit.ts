import { type Kernel, RLIM_INFINITY, RLIMIT_MEMLOCK } from '../sys/index.ts';

/** Lifts the limit of locked memory, which kernels before 5.11 charge maps and programs to. Returns 0 or -errno. */
export function liftMemoryLimit(kernel: Kernel): number {
  return kernel.setResourceLimit(RLIMIT_MEMLOCK, { soft: RLIM_INFINITY, hard: RLIM_INFINITY });
}

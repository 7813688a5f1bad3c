import { type Kernel, RLIMIT_MEMLOCK } from '../sys/index.ts';

const unlimited = 0xffff_ffff_ffff_ffffn;

/** Lifts the limit of locked memory, which kernels before 5.11 charge maps and programs to. Returns 0 or -errno. */
export function liftMemoryLimit(kernel: Kernel): number {
  return kernel.setResourceLimit(RLIMIT_MEMLOCK, { soft: unlimited, hard: unlimited });
}

import type { Context } from '../../cli/index.ts';
import { kernelOf } from './kernel.ts';

const RLIMIT_MEMLOCK = 8;
const unlimited = 0xffff_ffff_ffff_ffffn;

/** Lifts the limit that kernels before 5.11 charge maps and programs to. Where that is refused the kernel decides. */
export function liftMemoryLimit(ctx: Context): void {
  kernelOf(ctx).setResourceLimit(RLIMIT_MEMLOCK, { soft: unlimited, hard: unlimited });
}

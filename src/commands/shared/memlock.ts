import type { Context } from '../../cli/index.ts';
import { liftMemoryLimit as lift } from '../../kernel/index.ts';
import { kernelOf } from './kernel.ts';

/** Lifts the limit that kernels before 5.11 charge maps and programs to. Where that is refused the kernel decides. */
export function liftMemoryLimit(ctx: Context): void {
  lift(kernelOf(ctx));
}

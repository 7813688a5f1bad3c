import type { Context } from '../../cli/index.ts';
import { type Kernel, openKernel } from '../../kernel/index.ts';

const opened = new WeakMap<Context, Kernel>();

/** The kernel a command talks to; opened when first asked for, once per run. */
export function kernelOf(ctx: Context): Kernel {
  let kernel = opened.get(ctx);
  if (kernel === undefined) {
    kernel = openKernel();
    opened.set(ctx, kernel);
  }
  return kernel;
}

/** Makes commands of this context talk to `kernel` instead of the real one. */
export function useKernel(ctx: Context, kernel: Kernel): void {
  opened.set(ctx, kernel);
}

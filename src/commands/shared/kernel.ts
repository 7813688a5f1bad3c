import type { Context } from '../../cli/index.ts';
import { type Kernel, openKernel, watchRefusals } from '../../kernel/index.ts';

/** The kernel a command talks to; opened when first asked for, once per run. */
export function kernelOf(ctx: Context): Kernel {
  if (ctx.kernel === undefined) {
    const kernel = openKernel();
    ctx.kernel = ctx.stderrIsTerminal ? withAdvice(ctx, kernel) : kernel;
  }
  return ctx.kernel as Kernel;
}

/** Makes commands of this context talk to `kernel` instead of the real one. */
export function useKernel(ctx: Context, kernel: Kernel): void {
  ctx.kernel = kernel;
}

/** At a terminal a failed command ends with what the refused system call tells. */
function withAdvice(ctx: Context, real: Kernel): Kernel {
  const { kernel, lastRefusal } = watchRefusals(real);
  ctx.advise = async () => {
    const refusal = lastRefusal();
    return refusal === undefined ? [] : (await import('./advice.ts')).adviceOn(real, refusal);
  };
  return kernel;
}

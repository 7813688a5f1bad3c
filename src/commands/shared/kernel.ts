import type { Context } from '../../cli/index.ts';
import { type Kernel, openKernel, watchRefusals } from '../../kernel/index.ts';

const opened = new WeakMap<Context, Kernel>();

/** The kernel a command talks to; opened when first asked for, once per run. */
export function kernelOf(ctx: Context): Kernel {
  let kernel = opened.get(ctx);
  if (kernel === undefined) {
    kernel = openKernel();
    if (ctx.stderrIsTerminal) kernel = withAdvice(ctx, kernel);
    opened.set(ctx, kernel);
  }
  return kernel;
}

/** Makes commands of this context talk to `kernel` instead of the real one. */
export function useKernel(ctx: Context, kernel: Kernel): void {
  opened.set(ctx, kernel);
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

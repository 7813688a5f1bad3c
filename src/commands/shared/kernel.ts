import type { Context } from '../../cli/index.ts';
import { type Kernel, openKernel } from '../../kernel/index.ts';
import { Errno } from '../../errors/index.ts';
import { explainPermission, explainUnsupported, type RefusedCall, watchRefusals } from '../../probe/index.ts';

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
  ctx.advise = () => {
    const refusal = lastRefusal();
    return refusal === undefined ? [] : adviceOn(real, refusal);
  };
  return kernel;
}

/** Why the kernel refused a call, as far as facts show it. */
export function adviceOn(kernel: Kernel, refusal: RefusedCall): string[] {
  const unsupported = explainUnsupported(kernel, refusal);
  if (unsupported !== undefined) return [unsupported.message];
  if (refusal.errno !== Errno.EPERM && refusal.errno !== Errno.EACCES) return [];
  return explainPermission(kernel).map(({ text }) => text);
}

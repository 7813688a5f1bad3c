import type { Context } from '../../cli/index.ts';
import { kernelConfig } from '../../host/index.ts';
import { kernelOf } from './kernel.ts';

const problems = {
  open: "can't open file: No such file or directory",
  read: "can't read from file: Success",
  format: "can't find correct file",
};

/** The kernel's configuration; undefined where it cannot be read, which is said as the reference says it. */
export function readKernelConfig(ctx: Context): ReadonlyMap<string, string> | undefined {
  const config = kernelConfig(kernelOf(ctx));
  if (config.kind === 'found') return config.options;
  ctx.info(`skipping kernel config, ${problems[config.reason]}`);
  return undefined;
}

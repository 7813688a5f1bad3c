import { type Context, fail } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { enableRunStatistics, Fd } from '../../kernel/index.ts';
import { kernelOf } from './kernel.ts';

/** Has the kernel measure runs until this is closed, or the process ends, however that happens. */
export function runStatistics(ctx: Context): Fd {
  const kernel = kernelOf(ctx);
  const fd = enableRunStatistics(kernel);
  if (fd < 0) fail(`can't have the kernel measure run times: ${strerror(-fd)}; it takes CAP_SYS_ADMIN and Linux 5.8`);
  return new Fd(kernel, fd);
}

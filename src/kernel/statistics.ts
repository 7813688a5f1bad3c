import { enableRunStatistics } from '../bpf/index.ts';
import { checkResult, defaultKernel, Fd } from '../sys/index.ts';
import type { InKernel } from './new-map.ts';

/**
 * Has the kernel measure the runs of all programs, as `BpfProgram.statistics` tells, until what is returned is closed or the
 * process ends. It costs each run some 20 nanoseconds. Since 5.8. Throws SyscallError (EPERM without CAP_SYS_ADMIN).
 */
export function enableStatistics({ kernel = defaultKernel() }: InKernel = {}): Fd {
  return new Fd(kernel, checkResult('enable run statistics', enableRunStatistics(kernel)));
}

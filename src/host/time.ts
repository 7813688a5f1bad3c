import { CLOCK_BOOTTIME, CLOCK_REALTIME, type Kernel } from '../sys/index.ts';

/** When the machine was started, in nanoseconds since 1970, as its clock is set now. */
export function bootTime(kernel: Kernel): bigint {
  return kernel.clock(CLOCK_REALTIME) - kernel.clock(CLOCK_BOOTTIME);
}

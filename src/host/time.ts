import { CLOCK_BOOTTIME, CLOCK_REALTIME, type Kernel } from '../sys/index.ts';

/** Wall-clock time, in whole seconds since 1970, of an instant given in nanoseconds since boot (`load_time`). */
export function bootTimeToEpochSeconds(kernel: Kernel, nanosecondsSinceBoot: bigint): bigint {
  const offset = kernel.clock(CLOCK_REALTIME) - kernel.clock(CLOCK_BOOTTIME);
  return (offset + nanosecondsSinceBoot) / 1_000_000_000n;
}

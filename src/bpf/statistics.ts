import type { Kernel } from '../sys/index.ts';
import { attr_enable_stats, bpf_cmd, bpf_stats_type, structView } from '../uapi/index.ts';

/**
 * Has the kernel measure every program's runs (`runTimeNs` and `runCount` of their info) until the descriptor that is
 * returned is closed. -errno where it refuses. Since 5.8.
 */
export function enableRunStatistics(kernel: Kernel): number {
  const attr = structView(attr_enable_stats).set('type', bpf_stats_type.BPF_STATS_RUN_TIME);
  return kernel.bpf(bpf_cmd.BPF_ENABLE_STATS, attr);
}

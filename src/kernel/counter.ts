import type { Kernel } from '../sys/index.ts';
import { PERF_FLAG_FD_CLOEXEC, perf_event_attr, structView } from '../uapi/index.ts';

/** Something that perf events count. */
export interface CounterKind {
  /** `enum perf_type_id` */
  readonly type: number;
  /** What of that type, such as PERF_COUNT_HW_CPU_CYCLES. */
  readonly config: bigint;
}

/** Opens a counter of what one CPU does in the kernel, whoever runs there. Returns its descriptor, or -errno. */
export function openCounter(kernel: Kernel, { type, config }: CounterKind, cpu: number): number {
  const attr = structView(perf_event_attr)
    .set('type', type)
    .set('size', perf_event_attr.size)
    .set('config', config)
    .set('exclude_user', 1);
  return kernel.perfEventOpen(attr.bytes, { pid: -1, cpu, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC });
}

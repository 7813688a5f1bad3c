import type { Kernel } from '../sys/index.ts';
import { PERF_FLAG_FD_CLOEXEC, perf_event_attr, type StructView, structView } from '../uapi/index.ts';

/** Something that perf events count. */
export interface CounterKind {
  /** `enum perf_type_id` */
  readonly type: number;
  /** What of that type, such as PERF_COUNT_HW_CPU_CYCLES. */
  readonly config: bigint;
}

/** A `struct perf_event_attr` of a type: `enum perf_type_id`, or the number of a device. */
export function perfEventAttribute(type: number): StructView<typeof perf_event_attr> {
  return structView(perf_event_attr).set('type', type).set('size', perf_event_attr.size);
}

/** Opens a counter of what one CPU does in the kernel, whoever runs there. Returns its descriptor, or -errno. */
export function openCounter(kernel: Kernel, { type, config }: CounterKind, cpu: number): number {
  const attr = perfEventAttribute(type).set('config', config).set('exclude_user', 1);
  return kernel.perfEventOpen(attr, { pid: -1, cpu, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC });
}

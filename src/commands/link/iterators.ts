// Names of iterator targets whose bpf_link_info.iter says which map, or which task: is_iter_map_target() and
// is_iter_task_target() of bpftool's src/link.c.
const mapTargets = new Set(['bpf_map_elem', 'bpf_sk_storage_map']);
const taskTargets = new Set(['task', 'task_file', 'task_vma']);
/** Indexed by enum bpf_cgroup_iter_order of include/uapi/linux/bpf.h. */
const orders = ['order_unspec', 'self_only', 'descendants_pre', 'descendants_post', 'ancestors_up'];

/** What an iterator walks, by its target's name; this decides which details it has. */
export function iteratorKind(target: string): 'map' | 'task' | 'cgroup' | 'other' {
  if (mapTargets.has(target)) return 'map';
  if (taskTargets.has(target)) return 'task';
  return target === 'cgroup' ? 'cgroup' : 'other';
}

/** `self_only` for BPF_CGROUP_ITER_SELF_ONLY. */
export function iteratorOrder(order: number): string {
  return orders[order] ?? 'unknown';
}

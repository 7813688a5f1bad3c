// SPDX-License-Identifier: MIT
// How long the calls of a function take: a histogram of powers of two, in nanoseconds.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, __u64);
} started SEC(".maps");

// One for each power of two: calls that took 2^i to 2^(i+1) nanoseconds.
__u64 calls[40];

SEC("uprobe")
int enter(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	bpf_map_update_elem(&started, &thread, &now, BPF_ANY);
	return 0;
}

SEC("uretprobe")
int leave(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), *begin = bpf_map_lookup_elem(&started, &thread), took;
	__u32 power = 0;

	if (!begin)
		return 0;
	took = bpf_ktime_get_ns() - *begin;
	bpf_map_delete_elem(&started, &thread);
	for (int i = 0; i < 39 && took > 1; i++) {
		took >>= 1;
		power++;
	}
	if (power < 40)
		__sync_fetch_and_add(&calls[power], 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

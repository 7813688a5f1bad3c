// cflags: -target bpfeb
// SPDX-License-Identifier: MIT
// For a machine of the other byte order: data, a call of a kernel function, a CO-RE relocation, a subprogram.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern const int runqueues __ksym __weak;

const volatile int wanted = 0x01020304;
long found = 0x0102030405060708;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 258);
	__type(key, int);
	__type(value, long);
} by_pid SEC(".maps");

static __noinline int count(int pid)
{
	long *value = bpf_map_lookup_elem(&by_pid, &pid);

	if (value)
		found += *value;
	return pid + wanted;
}

SEC("syscall")
int look(void *ctx)
{
	struct task_struct *task = bpf_task_from_pid(wanted);
	int pid = 0;

	if (task) {
		pid = count(task->pid);
		bpf_task_release(task);
	}
	return &runqueues ? pid : -1;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT
// Where members of the kernel's structs lie on the machine that runs this: CO-RE puts the numbers in when the object is loaded.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct list_head {
	struct list_head *next;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	struct list_head tasks;
	// Of kernels before 5.14 only.
	long state;
	// Of later ones.
	unsigned int __state;
} __attribute__((preserve_access_index));

struct offsets_t {
	__u32 pid;
	__u32 tgid;
	__u32 comm;
	__u32 comm_size;
	__u32 tasks;
	__u32 size;
	_Bool has_state;
	_Bool has_new_state;
};

struct offsets_t task = {};

SEC("socket")
int look(struct __sk_buff *skb)
{
	task.pid = bpf_core_field_offset(struct task_struct, pid);
	task.tgid = bpf_core_field_offset(struct task_struct, tgid);
	task.comm = bpf_core_field_offset(struct task_struct, comm);
	task.comm_size = bpf_core_field_size(struct task_struct, comm);
	task.tasks = bpf_core_field_offset(struct task_struct, tasks.next);
	task.size = bpf_core_type_size(struct task_struct);
	task.has_state = bpf_core_field_exists(struct task_struct, state);
	task.has_new_state = bpf_core_field_exists(struct task_struct, __state);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

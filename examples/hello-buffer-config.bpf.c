// SPDX-License-Identifier: MIT
// Greets every program start with a message chosen by user id. The messages live in the map `config`,
// which is changed from the command line while this runs; the events leave through a perf event array.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct user_msg_t {
	char message[13];
};

struct event_t {
	__u32 pid;
	__u32 uid;
	char command[16];
	char message[13];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct user_msg_t);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} output SEC(".maps");

// What those hear for whom `config` holds nothing. `volatile`, so that it can be changed at load time.
const volatile char greeting[13] = "Hello World";

// A function of its own, so that the BTF names the type of the events for whoever decodes them.
static __noinline int submit(void *ctx, struct event_t *event)
{
	return bpf_perf_event_output(ctx, &output, BPF_F_CURRENT_CPU, event, sizeof(*event));
}

SEC("tracepoint/syscalls/sys_enter_execve")
int hello(void *ctx)
{
	struct event_t event = {};
	struct user_msg_t *found;

	event.pid = bpf_get_current_pid_tgid() >> 32;
	event.uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(event.command, sizeof(event.command));

	found = bpf_map_lookup_elem(&config, &event.uid);
	if (found)
		__builtin_memcpy(event.message, found->message, sizeof(event.message));
	else
		bpf_probe_read_kernel(event.message, sizeof(event.message), (const void *)greeting);

	submit(ctx, &event);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

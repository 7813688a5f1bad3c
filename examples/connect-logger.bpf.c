// SPDX-License-Identifier: MIT
// Tells of every IPv4 connection that a process of a cgroup begins; all are allowed.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct connect_t {
	__u32 pid;
	// In network byte order, as programs see them.
	__u8 address[4];
	__u16 port;
	char command[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} connects SEC(".maps");

// Connections that nobody was told of, since the ring was full.
__u64 missed;

static __noinline int tell(struct connect_t *connect)
{
	return bpf_ringbuf_output(&connects, connect, sizeof(*connect), 0);
}

SEC("cgroup/connect4")
int log_connect(struct bpf_sock_addr *ctx)
{
	struct connect_t connect = {};
	__u32 address = ctx->user_ip4;

	connect.pid = bpf_get_current_pid_tgid() >> 32;
	__builtin_memcpy(connect.address, &address, sizeof(address));
	connect.port = __builtin_bswap16((__u16)ctx->user_port);
	bpf_get_current_comm(connect.command, sizeof(connect.command));
	if (tell(&connect) < 0)
		__sync_fetch_and_add(&missed, 1);
	return 1;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

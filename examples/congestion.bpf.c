// SPDX-License-Identifier: MIT
// A congestion control that counts what happens and otherwise does as Reno does.
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct sock {
} __attribute__((preserve_access_index));
struct ack_sample;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	void (*init)(struct sock *sk);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
} __attribute__((preserve_access_index));

extern __u32 tcp_reno_ssthresh(struct sock *sk) __ksym;
extern void tcp_reno_cong_avoid(struct sock *sk, __u32 ack, __u32 acked) __ksym;
extern __u32 tcp_reno_undo_cwnd(struct sock *sk) __ksym;

__u64 connections, acknowledgements;

SEC("struct_ops/begin")
void BPF_PROG(begin, struct sock *sk)
{
	__sync_fetch_and_add(&connections, 1);
}

SEC("struct_ops/threshold")
__u32 BPF_PROG(threshold, struct sock *sk)
{
	return tcp_reno_ssthresh(sk);
}

SEC("struct_ops/acknowledged")
void BPF_PROG(acknowledged, struct sock *sk, __u32 ack, __u32 acked)
{
	__sync_fetch_and_add(&acknowledgements, 1);
	tcp_reno_cong_avoid(sk, ack, acked);
}

SEC("struct_ops/undo")
__u32 BPF_PROG(undo, struct sock *sk)
{
	return tcp_reno_undo_cwnd(sk);
}

SEC(".struct_ops.link")
struct tcp_congestion_ops counting = {
	.init = (void *)begin,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)acknowledged,
	.undo_cwnd = (void *)undo,
	.name = "bpf_counting",
};

char LICENSE[] SEC("license") = "GPL";

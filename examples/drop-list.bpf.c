// SPDX-License-Identifier: MIT
// Drops IPv4 packets from the networks in a list, and counts them by network.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// Of linux/bpf.h since 6.6.
#define NEXT -1
#define DROP 2

struct prefix {
	__u32 bits;
	__u8 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u64);
} dropped SEC(".maps");

SEC("tcx/ingress")
int drop(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct prefix source = { .bits = 32 };
	__u64 *count;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return NEXT;
	__builtin_memcpy(source.address, &ip->saddr, sizeof(source.address));
	count = bpf_map_lookup_elem(&dropped, &source);
	if (!count)
		return NEXT;
	__sync_fetch_and_add(count, 1);
	return DROP;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

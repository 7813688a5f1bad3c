/* Every kernel header whose facts src/uapi holds. Compiled to BTF by make-btf.sh; only the BTF is read afterwards. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/btf.h>
#include <linux/perf_event.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/pkt_sched.h>
#include <linux/pkt_cls.h>
#include <linux/netdev.h>
#include <linux/tc_act/tc_bpf.h>

#include "anonymous.h"

#define KEEP(type, name) type keep_##name
KEEP(union bpf_attr, attr);
KEEP(struct bpf_map_info, map_info);
KEEP(struct bpf_prog_info, prog_info);
KEEP(struct bpf_btf_info, btf_info);
KEEP(struct bpf_link_info, link_info);
KEEP(struct bpf_token_info, token_info);
KEEP(union bpf_iter_link_info, iter_link_info);
KEEP(struct bpf_line_info, line_info);
KEEP(struct bpf_func_info, func_info);
KEEP(struct bpf_core_relo, core_relo);
KEEP(struct bpf_insn, insn);
KEEP(struct __sk_buff, sk_buff);
KEEP(struct xdp_md, xdp_md);
KEEP(struct bpf_sk_lookup, sk_lookup);
KEEP(struct bpf_flow_keys, flow_keys);
KEEP(struct bpf_cgroup_storage_key, cgroup_storage_key);
KEEP(struct bpf_devmap_val, devmap_val);
KEEP(struct bpf_cpumap_val, cpumap_val);
KEEP(struct bpf_lpm_trie_key_u8, lpm_trie_key_u8);
KEEP(struct bpf_perf_event_value, perf_event_value);
KEEP(struct btf_header, btf_header);
KEEP(struct btf_type, btf_type);
KEEP(struct perf_event_attr, perf_event_attr);
KEEP(struct perf_event_mmap_page, perf_event_mmap_page);
KEEP(struct perf_event_header, perf_event_header);
KEEP(struct nlmsghdr, nlmsghdr);
KEEP(struct nlmsgerr, nlmsgerr);
KEEP(struct nlattr, nlattr);
KEEP(struct ifinfomsg, ifinfomsg);
KEEP(struct tcmsg, tcmsg);
KEEP(struct rtattr, rtattr);
KEEP(enum bpf_cmd, e1);
KEEP(enum bpf_map_type, e2);
KEEP(enum bpf_prog_type, e3);
KEEP(enum bpf_attach_type, e4);
KEEP(enum bpf_link_type, e5);
KEEP(enum bpf_func_id, e6);
KEEP(enum bpf_perf_event_type, e7);
KEEP(enum bpf_stats_type, e8);
KEEP(enum bpf_task_fd_type, e9);
KEEP(enum bpf_cgroup_iter_order, e10);
KEEP(enum bpf_core_relo_kind, e11);
KEEP(enum xdp_action, e12);
KEEP(enum perf_type_id, e13);
KEEP(enum perf_hw_id, e14);
KEEP(enum perf_sw_ids, e15);
KEEP(enum perf_hw_cache_id, e16);
KEEP(enum perf_hw_cache_op_id, e17);
KEEP(enum perf_hw_cache_op_result_id, e18);
KEEP(enum perf_event_type, e19);
KEEP(enum nf_inet_hooks, e20);
KEEP(enum btf_func_linkage, e21);
KEEP(enum bpf_addr_space_cast, e22);
KEEP(enum tc_link_layer, e23);

// What each type of link is, in one table: the compiler asks for a row when the enum has a new type.
import { bpf_link_type as link } from './generated/enums.ts';
import type { bpf_link_info } from './generated/structs.ts';

type Field = keyof (typeof bpf_link_info)['members'];

export interface LinkType {
  /** As bpftool prints it: `perf_event`. */
  readonly name: string;
  /** Text that the kernel writes where `struct bpf_link_info` points, and the member for the room there. */
  readonly text?: { readonly at: Field; readonly size: Field };
  /** Arrays of u64 that the kernel writes, as many as `count` says in a first call. */
  readonly arrays?: {
    readonly count: Field;
    readonly addresses: Field;
    readonly cookies: Field;
    readonly counters?: Field;
  };
}

type Known = Exclude<keyof typeof link, '__MAX_BPF_LINK_TYPE'>;

const linkTypes: Readonly<Record<(typeof link)[Known], LinkType>> = {
  [link.BPF_LINK_TYPE_UNSPEC]: { name: 'unspec' },
  [link.BPF_LINK_TYPE_RAW_TRACEPOINT]: {
    name: 'raw_tracepoint',
    text: { at: 'raw_tracepoint.tp_name', size: 'raw_tracepoint.tp_name_len' },
  },
  [link.BPF_LINK_TYPE_TRACING]: { name: 'tracing' },
  [link.BPF_LINK_TYPE_CGROUP]: { name: 'cgroup' },
  [link.BPF_LINK_TYPE_ITER]: { name: 'iter', text: { at: 'iter.target_name', size: 'iter.target_name_len' } },
  [link.BPF_LINK_TYPE_NETNS]: { name: 'netns' },
  [link.BPF_LINK_TYPE_XDP]: { name: 'xdp' },
  // Its text depends on what the event is.
  [link.BPF_LINK_TYPE_PERF_EVENT]: { name: 'perf_event' },
  [link.BPF_LINK_TYPE_KPROBE_MULTI]: {
    name: 'kprobe_multi',
    arrays: { count: 'kprobe_multi.count', addresses: 'kprobe_multi.addrs', cookies: 'kprobe_multi.cookies' },
  },
  [link.BPF_LINK_TYPE_STRUCT_OPS]: { name: 'struct_ops' },
  [link.BPF_LINK_TYPE_NETFILTER]: { name: 'netfilter' },
  [link.BPF_LINK_TYPE_TCX]: { name: 'tcx' },
  [link.BPF_LINK_TYPE_UPROBE_MULTI]: {
    name: 'uprobe_multi',
    text: { at: 'uprobe_multi.path', size: 'uprobe_multi.path_size' },
    arrays: {
      count: 'uprobe_multi.count',
      addresses: 'uprobe_multi.offsets',
      cookies: 'uprobe_multi.cookies',
      counters: 'uprobe_multi.ref_ctr_offsets',
    },
  },
  [link.BPF_LINK_TYPE_NETKIT]: { name: 'netkit' },
  [link.BPF_LINK_TYPE_SOCKMAP]: { name: 'sockmap' },
  [link.BPF_LINK_TYPE_TRACING_MULTI]: { name: 'tracing_multi' },
};

/** What a type of link is, by its number; undefined for one newer than the table. */
export function linkType(type: number): LinkType | undefined {
  return (linkTypes as Readonly<Record<number, LinkType | undefined>>)[type];
}

/** `perf_event` for BPF_LINK_TYPE_PERF_EVENT; undefined for a type newer than the table. */
export function linkTypeName(type: number): string | undefined {
  return linkType(type)?.name;
}

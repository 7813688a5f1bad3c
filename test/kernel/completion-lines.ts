// What is typed before Tab, and what each shell must offer. A line that ends in a blank asks for the next word.

export interface CompletionLine {
  readonly line: string;
  /** Exactly these. */
  readonly equal?: readonly string[];
  /** These among others. */
  readonly some?: readonly string[];
  readonly none?: readonly string[];
}

const map = ['id', 'pinned', 'name'];
const prog = ['id', 'pinned', 'tag', 'name'];
const attachTypes = [
  'sk_msg_verdict',
  'sk_skb_verdict',
  'sk_skb_stream_verdict',
  'sk_skb_stream_parser',
  'flow_dissector',
];
const netTypes = ['xdp', 'xdpgeneric', 'xdpdrv', 'xdpoffload', 'tcx_ingress', 'tcx_egress'];

export const completionLines: readonly CompletionLine[] = [
  // Objects, verbs, options.
  { line: 'pr', equal: ['prog'] },
  { line: 'map du', equal: ['dump'] },
  { line: '-j map loo', equal: ['lookup'] },
  { line: '--pre', equal: ['--pretty'] },
  { line: 'map import --k', equal: ['--keep-going', '--key-type'] },
  { line: 'batch ', equal: ['file'] },
  { line: 'batch file obj', equal: ['object.bpf.o'] },
  { line: 'completion ', equal: ['bash', 'zsh', 'fish'] },
  { line: 'schema map exp', equal: ['export'] },
  { line: '-B object.bpf.o btf d', equal: ['dump'] },
  { line: '-B obj', equal: ['object.bpf.o'] },
  { line: 'prog load object.bpf.o /sys/fs/bpf/x --set verb', equal: ['verbose='] },
  // prog
  { line: 'prog show ', equal: prog },
  { line: 'prog dump ', equal: ['xlated', 'jited'] },
  { line: 'prog dump xlated ', equal: prog },
  { line: 'prog dump xlated id 1 ', equal: ['file', 'opcodes', 'linum', 'visual'] },
  { line: '-j prog dump xlated id 1 ', equal: ['file', 'opcodes', 'linum'] },
  { line: 'prog dump jited id 1 opcodes ', equal: ['linum'] },
  { line: 'prog dump jited id 1 file obj', equal: ['object.bpf.o'] },
  { line: 'prog load obj', equal: ['object.bpf.o'] },
  {
    line: 'prog load object.bpf.o x ',
    equal: ['type', 'offload_dev', 'xdpmeta_dev', 'map', 'pinmaps', 'autoattach', 'kernel_btf'],
  },
  { line: 'prog load object.bpf.o x type cgroup/sk', equal: ['cgroup/skb'] },
  { line: 'prog load object.bpf.o x map ', equal: ['idx', 'name'] },
  { line: 'prog load object.bpf.o x map idx 0 ', equal: map },
  { line: 'prog load object.bpf.o x map name m name ttm_h', equal: ['ttm_hash'] },
  { line: 'prog attach name x ', equal: attachTypes },
  { line: 'prog attach name x sk_msg_verdict ', equal: map },
  { line: 'prog detach id 1 sk_msg_verdict name ttm_h', equal: ['ttm_hash'] },
  { line: 'prog tracelog ', equal: ['stdout', 'stderr'] },
  { line: 'prog tracelog stderr ', equal: prog },
  { line: 'prog profile id 1 cyc', equal: ['cycles'] },
  { line: 'prog profile id 1 duration 5 cycles instr', equal: ['instructions'] },
  {
    line: 'prog run id 1 ',
    equal: ['data_in', 'data_out', 'data_size_out', 'ctx_in', 'ctx_out', 'ctx_size_out', 'repeat'],
  },
  { line: 'prog run id 1 data_in obj', equal: ['object.bpf.o'] },
  // map
  { line: 'map dump ', equal: map },
  { line: 'map dump name x ', equal: [] },
  { line: 'map dump name ttm_', equal: ['ttm_hash', 'ttm_stack', 'ttm_prog_array', 'ttm_array_of_ma'] },
  { line: 'map show pinned /sys/fs/bpf/ttm_has', some: ['/sys/fs/bpf/ttm_hash'] },
  { line: 'map show pinned /sys/fs/bpf/ttm_', some: ['/sys/fs/bpf/ttm_$(touch hacked) x'] },
  { line: 'map pop name ttm_', equal: ['ttm_stack'] },
  { line: 'map update name ttm_hash ', equal: ['key'] },
  { line: 'map update name ttm_stack ', equal: ['value'] },
  { line: 'map update name ttm_hash key ', equal: ['hex', 'ip', 'json'] },
  { line: 'map update name x key 1 0 0 0 ', equal: ['value'] },
  { line: 'map update name ttm_hash key 1 0 0 0 value hex 0a 0 0 0 ', equal: ['any', 'exist', 'noexist'] },
  { line: 'map update name ttm_prog_array key 1 0 0 0 value ', equal: prog },
  { line: 'map update name ttm_array_of_ma key 1 0 0 0 value ', equal: map },
  { line: 'map lookup name ttm_hash ', equal: ['key'] },
  { line: 'map lookup name ttm_stack ', equal: [] },
  { line: 'map create x type lru_h', equal: ['lru_hash'] },
  { line: 'map create x type hash ', equal: ['key', 'value', 'entries', 'name', 'flags', 'offload_dev'] },
  { line: 'map create x type hash_of_maps inn', equal: ['inner_map'] },
  { line: 'map create x key 4 type hash inner_map ', equal: map },
  { line: 'map create x type hash offload_dev l', equal: ['lo'] },
  { line: 'map event_pipe name x ', equal: ['cpu', 'index'] },
  { line: 'map event_pipe name ttm_', equal: [] },
  // btf
  { line: 'btf dump ', equal: ['id', 'map', 'prog', 'file'] },
  { line: 'btf dump prog ', equal: prog },
  { line: 'btf dump map id 1 ', equal: ['key', 'value', 'kv', 'all', 'format', 'root_id'] },
  { line: 'btf dump id 1 format ', equal: ['raw', 'c'] },
  { line: 'btf dump id 1 format c ', equal: ['unsorted', 'root_id'] },
  { line: 'btf dump file object.bpf.o root_id 1 ', equal: ['root_id', 'format'] },
  { line: 'btf show ', equal: ['id'] },
  { line: 'btf find file /sys/kernel/btf/vmlinux task_struc', some: ['task_struct'] },
  { line: 'btf types file /sys/kernel/btf/vmlinux root list_hea', some: ['list_head'] },
  // Everything else.
  { line: 'net show ', equal: ['dev'] },
  { line: 'net show dev l', equal: ['lo'] },
  { line: 'net attach ', equal: netTypes },
  { line: 'net attach xdp id 1 ', equal: ['dev'] },
  { line: 'net attach xdp id 1 dev lo ', equal: ['overwrite'] },
  { line: 'net attach tcx_egress id 1 dev lo ', equal: ['prepend'] },
  { line: 'net detach xdp ', equal: ['dev'] },
  {
    line: 'cgroup attach DIR ',
    some: ['cgroup_inet_ingress', 'cgroup_device', 'cgroup_inet_sock_release'],
    none: ['id'],
  },
  { line: 'cgroup attach DIR cgroup_device ', equal: prog },
  { line: 'cgroup attach DIR cgroup_device id 1 ', equal: ['multi', 'override'] },
  { line: 'cgroup show DIR ', equal: ['effective'] },
  { line: 'feature probe ', equal: ['kernel', 'dev', 'full', 'unprivileged', 'macros'] },
  { line: 'feature probe macros ', equal: ['kernel', 'dev', 'full', 'unprivileged', 'prefix'] },
  { line: 'feature list_builtins ', equal: ['prog_types', 'map_types', 'attach_types', 'link_types', 'helpers'] },
  { line: 'link show ', equal: ['id', 'pinned'] },
  { line: 'link pin id 1 obj', equal: ['object.bpf.o'] },
  { line: 'gen skeleton obj', equal: ['object.bpf.o'] },
  { line: 'gen skeleton object.bpf.o ', equal: ['name'] },
  { line: 'struct_ops register obj', equal: ['object.bpf.o'] },
  { line: 'struct_ops dump ', equal: ['id', 'name'] },
  { line: 'iter pin obj', equal: ['object.bpf.o'] },
  { line: 'iter pin object.bpf.o x ', equal: ['map'] },
  { line: 'token ', some: ['show', 'list'] },
  { line: 'perf ', some: ['show', 'list'] },
];

// What each command of bpf(2) takes, in one table: the programs learn from it what to read, the decoder what it means.
import {
  attr_btf_load,
  attr_enable_stats,
  attr_get_id,
  attr_info,
  attr_iter_create,
  attr_link_create,
  attr_link_detach,
  attr_link_update,
  attr_map_batch,
  attr_map_create,
  attr_map_elem,
  attr_obj_pin,
  attr_prog_assoc_struct_ops,
  attr_prog_attach,
  attr_prog_bind_map,
  attr_prog_load,
  attr_prog_stream_read,
  attr_query,
  attr_raw_tracepoint,
  attr_task_fd_query,
  attr_test_run,
  attr_token_create,
  bpf_attach_type as attach,
  bpf_cmd,
  type FieldLayout,
  type StructLayout,
} from '../uapi/index.ts';

/** How many bytes a pointer means. `count`, `size`: members of the attribute whose product it is, or a number of bytes. */
export interface PointerRule {
  readonly unit: 'bytes' | 'key' | 'value' | 'position' | 'text' | 'result' | 'perf';
  readonly count: string | undefined;
  readonly size: string | number;
}

/** When what a pointer means is read: before the call, after it, after it however it ended, or after it if it failed. */
export type ReadingTime = 'before' | 'after' | 'ever' | 'failed';

/** A member of a command's attribute. */
export interface MemberSpec {
  readonly name: string;
  readonly layout: FieldLayout;
  /** A number unless said. */
  readonly kind: 'number' | 'hex' | 'text' | 'fd' | 'enum' | 'flags' | 'pointer';
  /** Of enumerations and flags: which; of pointers: what is there. */
  readonly form: string;
  /** Shown though it is zero. */
  readonly always: boolean;
  /** The kernel writes it. */
  readonly written: boolean;
  readonly rule?: PointerRule;
  readonly time?: ReadingTime;
  /** Read only where this is asked for. */
  readonly option?: 'instructions' | 'log' | 'types';
  /** Only with attach types of this class. */
  readonly attachClass: string | undefined;
}

export interface CommandSpec {
  /** `BPF_MAP_CREATE` */
  readonly name: string;
  readonly members: readonly MemberSpec[];
  /** The result is a new descriptor. */
  readonly givesFd: boolean;
}

/**
 * Members in the order in which they are shown: `NAME[:KIND[=FORM]][!][>]`. `!` is always shown, `>` is written by the
 * kernel. A pointer is `:p` and when it is read (`<` before, `>` after, `~` ever, `-` failed), then `UNIT[.COUNT][*SIZE]`,
 * `=FORM`, and `?OPTION`. `&CLASS` stands before members that are there for some attach types only.
 */
const elem = 'map_fd:fd! key:p<key!';
const batch = 'map_fd:fd! in_batch:p<position! out_batch:p~position!';
const attachTail = 'replace_bpf_fd:fd relative_fd:fd expected_revision';

const table: readonly (readonly [command: number, layout: StructLayout, members: string, givesFd?: 'fd'])[] = [
  [
    bpf_cmd.BPF_MAP_CREATE,
    attr_map_create,
    `map_type:e=map! key_size! value_size! max_entries! map_flags:f=map inner_map_fd:fd numa_node map_name:t! map_ifindex
    btf_fd:fd btf_key_type_id btf_value_type_id btf_vmlinux_value_type_id map_extra:x value_type_btf_obj_fd:fd
    map_token_fd:fd excl_prog_hash:p<bytes.excl_prog_hash_size=hex excl_prog_hash_size`,
    'fd',
  ],
  [bpf_cmd.BPF_MAP_LOOKUP_ELEM, attr_map_elem, `${elem} value:p>value! flags:f=elem!`],
  [bpf_cmd.BPF_MAP_UPDATE_ELEM, attr_map_elem, `${elem} value:p<value! flags:f=elem!`],
  [bpf_cmd.BPF_MAP_DELETE_ELEM, attr_map_elem, `${elem} flags:f=elem`],
  [bpf_cmd.BPF_MAP_GET_NEXT_KEY, attr_map_elem, `${elem} next_key:p>key!`],
  [
    bpf_cmd.BPF_PROG_LOAD,
    attr_prog_load,
    `prog_type:e=prog! insn_cnt! insns:p<bytes.insn_cnt*8=insns!?instructions license:p<text! log_level log_size
    log_buf:p-text.log_size=log?log kern_version:x prog_flags:f=load prog_name:t! prog_ifindex expected_attach_type:e=attach
    prog_btf_fd:fd func_info_rec_size func_info:p<bytes.func_info_cnt*func_info_rec_size=func_info func_info_cnt
    line_info_rec_size line_info:p<bytes.line_info_cnt*line_info_rec_size=line_info line_info_cnt
    attach_btf_id attach_prog_fd:fd core_relo_cnt fd_array:p<bytes.fd_array_cnt*4=fds
    core_relos:p<bytes.core_relo_cnt*core_relo_rec_size=core_relos core_relo_rec_size log_true_size> prog_token_fd:fd
    fd_array_cnt signature:p<bytes.signature_size=hex signature_size keyring_id`,
    'fd',
  ],
  [bpf_cmd.BPF_OBJ_PIN, attr_obj_pin, 'pathname:p<text! bpf_fd:fd! file_flags:f=file path_fd:fd'],
  [bpf_cmd.BPF_OBJ_GET, attr_obj_pin, 'pathname:p<text! bpf_fd:fd file_flags:f=file path_fd:fd', 'fd'],
  [
    bpf_cmd.BPF_PROG_ATTACH,
    attr_prog_attach,
    `target_fd:fd! attach_bpf_fd:fd! attach_type:e=attach! attach_flags:f=attach ${attachTail}`,
  ],
  [
    bpf_cmd.BPF_PROG_DETACH,
    attr_prog_attach,
    `target_fd:fd! attach_bpf_fd:fd attach_type:e=attach! attach_flags:f=attach ${attachTail}`,
  ],
  [
    bpf_cmd.BPF_PROG_TEST_RUN,
    attr_test_run,
    `prog_fd:fd! retval!> data_size_in data_size_out> data_in:p<bytes.data_size_in=hex data_out:p>bytes.data_size_out=hex
    repeat duration> ctx_size_in ctx_size_out> ctx_in:p<bytes.ctx_size_in=hex ctx_out:p>bytes.ctx_size_out=hex
    flags:f=run cpu batch_size`,
  ],
  ...nextId(bpf_cmd.BPF_PROG_GET_NEXT_ID),
  ...nextId(bpf_cmd.BPF_MAP_GET_NEXT_ID),
  ...fdById(bpf_cmd.BPF_PROG_GET_FD_BY_ID, 'prog_id'),
  ...fdById(bpf_cmd.BPF_MAP_GET_FD_BY_ID, 'map_id'),
  [bpf_cmd.BPF_OBJ_GET_INFO_BY_FD, attr_info, 'bpf_fd:fd! info_len!> info:p>bytes.info_len=info!'],
  [
    bpf_cmd.BPF_PROG_QUERY,
    attr_query,
    `target_fd:fd! attach_type:e=attach! query_flags:f=query attach_flags:f=attach> prog_ids:p>bytes.prog_cnt*4=u32s
    prog_cnt!> prog_attach_flags:p>bytes.prog_cnt*4=u32s link_ids:p>bytes.prog_cnt*4=u32s
    link_attach_flags:p>bytes.prog_cnt*4=u32s revision>`,
  ],
  [bpf_cmd.BPF_RAW_TRACEPOINT_OPEN, attr_raw_tracepoint, 'name:p<text! prog_fd:fd! cookie:x', 'fd'],
  [
    bpf_cmd.BPF_BTF_LOAD,
    attr_btf_load,
    `btf:p-bytes.btf_size=btf!?types btf_log_buf:p-text.btf_log_size=log?log btf_size! btf_log_size btf_log_level
    btf_log_true_size> btf_flags:f=token btf_token_fd:fd`,
    'fd',
  ],
  ...fdById(bpf_cmd.BPF_BTF_GET_FD_BY_ID, 'btf_id'),
  [
    bpf_cmd.BPF_TASK_FD_QUERY,
    attr_task_fd_query,
    `pid! fd! flags buf_len> buf:p>text.buf_len prog_id!> fd_type:e=task_fd!> probe_offset:x> probe_addr:x>`,
  ],
  [bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM, attr_map_elem, `${elem} value:p>value! flags:f=elem!`],
  [bpf_cmd.BPF_MAP_FREEZE, attr_map_elem, 'map_fd:fd!'],
  ...nextId(bpf_cmd.BPF_BTF_GET_NEXT_ID),
  [
    bpf_cmd.BPF_MAP_LOOKUP_BATCH,
    attr_map_batch,
    `${batch} keys:p~key.count! values:p~value.count! count!> elem_flags:f=elem flags`,
  ],
  [
    bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_BATCH,
    attr_map_batch,
    `${batch} keys:p~key.count! values:p~value.count! count!> elem_flags:f=elem flags`,
  ],
  [
    bpf_cmd.BPF_MAP_UPDATE_BATCH,
    attr_map_batch,
    'map_fd:fd! keys:p<key.count! values:p<value.count! count!> elem_flags:f=elem flags',
  ],
  [bpf_cmd.BPF_MAP_DELETE_BATCH, attr_map_batch, 'map_fd:fd! keys:p<key.count! count!> elem_flags:f=elem flags'],
  [
    bpf_cmd.BPF_LINK_CREATE,
    attr_link_create,
    `prog_fd:fd! target_fd:fd! attach_type:e=attach! flags:f=link
    &iter iter_info:p<bytes.iter_info_len=iter iter_info_len
    &perf_event perf_event.bpf_cookie:x
    &tracing tracing.target_btf_id tracing.cookie:x
    &kprobe_multi kprobe_multi.flags:f=kprobe_multi kprobe_multi.cnt! kprobe_multi.syms:p<bytes.kprobe_multi.cnt*8=texts
    kprobe_multi.addrs:p<bytes.kprobe_multi.cnt*8=addresses kprobe_multi.cookies:p<bytes.kprobe_multi.cnt*8=addresses
    &uprobe_multi uprobe_multi.path:p<text! uprobe_multi.offsets:p<bytes.uprobe_multi.cnt*8=addresses!
    uprobe_multi.ref_ctr_offsets:p<bytes.uprobe_multi.cnt*8=addresses
    uprobe_multi.cookies:p<bytes.uprobe_multi.cnt*8=addresses uprobe_multi.cnt! uprobe_multi.flags:f=uprobe_multi
    uprobe_multi.pid uprobe_multi.path_fd:fd
    &netfilter netfilter.pf! netfilter.hooknum! netfilter.priority! netfilter.flags:x
    &tcx tcx.relative_fd:fd tcx.expected_revision
    &netkit netkit.relative_fd:fd netkit.expected_revision
    &cgroup cgroup.relative_fd:fd cgroup.expected_revision
    &tracing_multi tracing_multi.ids:p<bytes.tracing_multi.cnt*4=u32s!
    tracing_multi.cookies:p<bytes.tracing_multi.cnt*8=addresses tracing_multi.cnt!`,
    'fd',
  ],
  [bpf_cmd.BPF_LINK_UPDATE, attr_link_update, 'link_fd:fd! new_prog_fd:fd! flags:f=attach old_prog_fd:fd'],
  ...fdById(bpf_cmd.BPF_LINK_GET_FD_BY_ID, 'link_id'),
  ...nextId(bpf_cmd.BPF_LINK_GET_NEXT_ID),
  [bpf_cmd.BPF_ENABLE_STATS, attr_enable_stats, 'type:e=stats!', 'fd'],
  [bpf_cmd.BPF_ITER_CREATE, attr_iter_create, 'link_fd:fd! flags', 'fd'],
  [bpf_cmd.BPF_LINK_DETACH, attr_link_detach, 'link_fd:fd!'],
  [bpf_cmd.BPF_PROG_BIND_MAP, attr_prog_bind_map, 'prog_fd:fd! map_fd:fd! flags'],
  [bpf_cmd.BPF_TOKEN_CREATE, attr_token_create, 'flags bpffs_fd:fd!', 'fd'],
  [
    bpf_cmd.BPF_PROG_STREAM_READ_BY_FD,
    attr_prog_stream_read,
    'stream_buf:p>result=hex! stream_buf_len! stream_id! prog_fd:fd!',
  ],
  [bpf_cmd.BPF_PROG_ASSOC_STRUCT_OPS, attr_prog_assoc_struct_ops, 'map_fd:fd! prog_fd:fd! flags'],
];

function nextId(command: number): [number, StructLayout, string][] {
  return [[command, attr_get_id, 'start_id! next_id!>']];
}

function fdById(command: number, id: string): [number, StructLayout, string, 'fd'][] {
  return [[command, attr_get_id, `${id}! open_flags:f=file fd_by_id_token_fd:fd`, 'fd']];
}

/** Attach types whose links take the same members. */
const attachClasses: Readonly<Record<string, readonly number[]>> = {
  iter: [attach.BPF_TRACE_ITER],
  perf_event: [attach.BPF_PERF_EVENT],
  tracing: [
    ...[attach.BPF_TRACE_RAW_TP, attach.BPF_TRACE_FENTRY, attach.BPF_TRACE_FEXIT, attach.BPF_MODIFY_RETURN],
    ...[attach.BPF_LSM_MAC, attach.BPF_TRACE_FSESSION],
  ],
  kprobe_multi: [attach.BPF_TRACE_KPROBE_MULTI, attach.BPF_TRACE_KPROBE_SESSION],
  uprobe_multi: [attach.BPF_TRACE_UPROBE_MULTI, attach.BPF_TRACE_UPROBE_SESSION],
  netfilter: [attach.BPF_NETFILTER],
  tcx: [attach.BPF_TCX_INGRESS, attach.BPF_TCX_EGRESS],
  netkit: [attach.BPF_NETKIT_PRIMARY, attach.BPF_NETKIT_PEER],
  tracing_multi: [attach.BPF_TRACE_FENTRY_MULTI, attach.BPF_TRACE_FEXIT_MULTI, attach.BPF_TRACE_FSESSION_MULTI],
  cgroup: Object.entries(attach).flatMap(([name, type]) => (/^BPF_(CGROUP|LSM_CGROUP)/.test(name) ? [type] : [])),
};

/** Names of the classes, in the order of their plans. */
export const attachClassNames = Object.keys(attachClasses);

/** The class of an attach type; undefined for one that needs no members of its own. */
export function attachClassOf(type: number): string | undefined {
  return attachClassNames.find((name) => attachClasses[name]!.includes(type));
}

/** Attach types that have a class, and its place among the names. */
export function attachClassesByType(): [type: number, index: number][] {
  return attachClassNames.flatMap((name, index) => attachClasses[name]!.map((type): [number, number] => [type, index]));
}

const times: Readonly<Record<string, ReadingTime>> = { '<': 'before', '>': 'after', '~': 'ever', '-': 'failed' };

function parseMembers(layout: StructLayout, text: string): MemberSpec[] {
  let attachClass: string | undefined;
  const members: MemberSpec[] = [];
  for (const word of text.trim().split(/\s+/)) {
    if (word.startsWith('&')) {
      attachClass = word.slice(1);
      continue;
    }
    members.push(parseMember(layout, word, attachClass));
  }
  return members;
}

const grammar =
  /^([\w.]+?)(?::(?:(fd|x|t)|([ef])=(\w+)|p([<>~-])([a-z]+)(?:\.([\w.]+))?(?:\*([\w.]+))?(?:=(\w+))?))?(!?)(?:\?(\w+))?(>?)$/;
const kinds: Readonly<Record<string, MemberSpec['kind']>> = { fd: 'fd', x: 'hex', t: 'text', e: 'enum', f: 'flags' };

function parseMember(layout: StructLayout, word: string, attachClass: string | undefined): MemberSpec {
  const parts = grammar.exec(word) as unknown as (string | undefined)[];
  const [, name, plain, set, setName, time, unit, count, size, form, always, option, written] = parts;
  const common = {
    name: name!,
    layout: layout.members[name!]!,
    always: always === '!',
    written: written === '>',
    attachClass,
  };
  if (time === undefined) return { ...common, kind: kinds[plain ?? set ?? ''] ?? 'number', form: setName ?? '' };
  return {
    ...common,
    kind: 'pointer',
    form: form ?? unit!,
    rule: {
      unit: unit as PointerRule['unit'],
      count,
      size: size === undefined ? 1 : /^\d+$/.test(size) ? Number(size) : size,
    },
    time: times[time]!,
    ...(option === undefined ? {} : { option: option as NonNullable<MemberSpec['option']> }),
  };
}

const nameOf = new Map<number, string>();
for (const [name, number] of Object.entries(bpf_cmd))
  if (name.startsWith('BPF_') && !nameOf.has(number)) nameOf.set(number, name);

const specs = new Map<number, CommandSpec>();

/** What the command takes; undefined for one newer than the table. Parsed when first asked for. */
export function commandSpec(command: number): CommandSpec | undefined {
  let spec = specs.get(command);
  if (spec === undefined) {
    const row = table.find(([number]) => number === command);
    if (row === undefined) return undefined;
    spec = { name: nameOf.get(command)!, members: parseMembers(row[1], row[2]), givesFd: row[3] === 'fd' };
    specs.set(command, spec);
  }
  return spec;
}

/** Numbers of all commands of the table. */
export const knownCommands: readonly number[] = table.map(([command]) => command);

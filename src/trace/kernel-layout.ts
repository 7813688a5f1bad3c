import { idsThatBegin, Kind, nextMemberNamed, type RecordView } from '../btf/index.ts';
import { encodeUtf8 } from '../bytes/index.ts';
import { NotSupportedError } from '../errors/index.ts';
import { withVmlinux } from '../kernel/index.ts';
import type { Kernel } from '../sys/index.ts';

/** Members of kernel structs that the programs read, by struct; a dot goes into a member. */
const membersByType = {
  task_struct: [
    'files',
    'signal',
    'tgid',
    'pid',
    'group_leader',
    'thread_pid',
    'thread_info.status',
    'thread_info.flags',
  ],
  signal_struct: ['live'],
  pid: ['level', 'numbers'],
  files_struct: ['fdt'],
  fdtable: ['max_fds', 'fd'],
  file: ['f_op', 'private_data', 'f_path.dentry'],
  dentry: ['d_name.name', 'd_sb'],
  super_block: ['s_magic'],
  bpf_map: [
    ...['map_type', 'key_size', 'value_size', 'max_entries', 'map_flags', 'id', 'name', 'btf'],
    ...['btf_key_type_id', 'btf_value_type_id', 'btf_vmlinux_value_type_id'],
  ],
  bpf_prog: ['type', 'expected_attach_type', 'len', 'tag', 'aux'],
  bpf_prog_aux: ['id', 'name', 'btf'],
  bpf_link: ['id', 'type', 'prog'],
  btf: ['data', 'data_size', 'nr_types', 'id', 'name', 'kernel_btf', 'base_btf'],
  perf_event: ['attr.type', 'attr.config', 'cpu', 'tp_event'],
  trace_event_call: ['class', 'name'],
  trace_event_class: ['system'],
  tracepoint: ['name'],
  pt_regs: ['di', 'si', 'dx', 'r10', 'r8', 'orig_ax', 'cs', 'regs', 'syscallno'],
} as const;

/** Byte offsets of members by `struct.member`; undefined for what this kernel does not have. */
export interface KernelLayout {
  readonly at: (name: string) => number | undefined;
  /** As `at`, throwing NotSupportedError. */
  readonly need: (name: string) => number;
}

/**
 * Where the running kernel has what the programs read, from its own types. One pass over their names finds all structs.
 * Throws NotSupportedError where the kernel does not show its types.
 */
export function readKernelLayout(kernel: Kernel): KernelLayout {
  const layout = withVmlinux(kernel, layoutOf);
  if (layout !== undefined) return layout;
  throw new NotSupportedError('tracing on a kernel that does not show its types (CONFIG_DEBUG_INFO_BTF)');
}

function layoutOf(types: RecordView): KernelLayout {
  const names = Object.keys(membersByType) as (keyof typeof membersByType)[];
  const offsets = new Map<string, number>();
  const found = new Set<string>();
  for (const id of idsThatBegin(types, names)) {
    if (types.kind(id) !== Kind.struct) continue;
    const name = types.name(id) as keyof typeof membersByType;
    if (membersByType[name] === undefined || found.has(name)) continue;
    found.add(name);
    for (const member of membersByType[name]) {
      const at = pathOffset(types, id, member);
      if (at !== undefined) offsets.set(`${name}.${member}`, at);
    }
  }
  const at = (name: string): number | undefined => offsets.get(name);
  return {
    at,
    need: (name) => {
      const offset = at(name);
      if (offset === undefined) throw new NotSupportedError(`tracing on this kernel, which has no ${name}`);
      return offset;
    },
  };
}

/** Byte offset of a member by its path. */
function pathOffset(types: RecordView, struct: number, path: string): number | undefined {
  let id = struct;
  let offset = 0;
  for (const part of path.split('.')) {
    const found = memberNamed(types, types.resolve(id), encodeUtf8(part));
    if (found === undefined) return undefined;
    offset += found.offset;
    id = found.typeId;
  }
  return offset;
}

/** A member, also of anonymous members. */
function memberNamed(
  types: RecordView,
  id: number,
  name: Uint8Array,
): { readonly offset: number; readonly typeId: number } | undefined {
  const kind = types.kind(id);
  if (kind !== Kind.struct && kind !== Kind.union) return undefined;
  const count = types.vlen(id);
  for (
    let index = nextMemberNamed(types, id, 0, name);
    index < count;
    index = nextMemberNamed(types, id, index + 1, name)
  ) {
    const { name: own, typeId, bitOffset } = types.member(id, index);
    if (own !== '') return { offset: bitOffset >> 3, typeId };
    const inner = memberNamed(types, types.resolve(typeId), name);
    if (inner !== undefined) return { offset: (bitOffset >> 3) + inner.offset, typeId: inner.typeId };
  }
  return undefined;
}

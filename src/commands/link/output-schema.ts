// JSON Schemas of what `link` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anyOf,
  cutShort,
  flag,
  holdersMember,
  i32,
  type JsonSchema,
  list,
  nameOrNumber,
  nullOf,
  oneOf,
  type OutputSchemas,
  outputOf,
  pinnedMember,
  record,
  reference,
  text,
  u32,
  u64,
} from '../shared/json-schema.ts';

type Members = Parameters<typeof record>[1];

const base = { id: u32('Id of the link'), prog_id: u32('Id of the program it attaches; 0 if none') };
const tail = { ...pinnedMember, ...holdersMember };
const attachType = { attach_type: nameOrNumber('Where it is attached, such as cgroup_inet_ingress') };
const cookie = { cookie: u64('Value the program can ask for with bpf_get_attach_cookie') };
const device = {
  devname: text('Name of the network device; (detached) or (unknown) if it is gone'),
  ifindex: u32('Index of the network device; 0 if it is gone'),
};
const mapId = { map_id: u32('Id of the map it belongs to') };
const retprobe = { retprobe: flag('Whether the program runs when functions return') };
const functionCount = { func_cnt: u32('Number of places it is attached to') };

const linkOf = (type: string, description: string, details: Members, optional: Members = {}): JsonSchema =>
  record(description, { ...base, type: oneOf('Type of the link', [type]), ...details }, { ...optional, ...tail });

const raw = linkOf('raw_tracepoint', 'A raw tracepoint.', { tp_name: text('Name of the tracepoint'), ...cookie });
const tracing = linkOf('tracing', 'A trampoline on a kernel function, an LSM hook or another program.', {
  prog_type: nameOrNumber('Type of the program'),
  ...attachType,
  target_obj_id: u32('Id of the BTF object or program it is attached to'),
  target_btf_id: u32('Id of the function type in that BTF'),
  ...cookie,
});
const tracingGone = record('A trampoline whose program is gone.', {
  ...base,
  type: oneOf('Type of the link', ['tracing']),
});
const cgroup = linkOf('cgroup', 'A control group.', { cgroup_id: u64('Id of the control group'), ...attachType });
const netns = linkOf('netns', 'A network namespace.', {
  netns_ino: u32('Inode of the network namespace; 0 if it is gone'),
  ...attachType,
});
const netfilter = linkOf('netfilter', 'A netfilter hook.', {
  pf: u32('Protocol family (NFPROTO_*)'),
  hook: u32('Hook number (NF_INET_*)'),
  prio: i32('Priority; lower runs earlier'),
  flags: u32('Flags (BPF_F_NETFILTER_*)'),
});
const tcx = linkOf('tcx', 'Traffic control of a network device.', { ...device, ...attachType });
const netkit = linkOf('netkit', 'A netkit device.', { ...device, ...attachType });
const sockmap = linkOf('sockmap', 'A map of sockets.', { ...mapId, ...attachType });
const xdp = linkOf('xdp', 'XDP of a network device.', device);
const structOps = linkOf('struct_ops', 'A struct_ops map.', mapId);

const targetName = 'What the iterator walks';
const iterators = [
  linkOf('iter', 'An iterator over a map.', {
    target_name: oneOf(targetName, ['bpf_map_elem', 'bpf_sk_storage_map']),
    map_id: u32('Id of the map it walks'),
  }),
  linkOf('iter', 'An iterator over the tasks of the machine.', {
    target_name: oneOf(targetName, ['task', 'task_file', 'task_vma']),
  }),
  linkOf('iter', 'An iterator over one thread.', {
    target_name: oneOf(targetName, ['task', 'task_file', 'task_vma']),
    tid: u32('Id of the thread'),
  }),
  linkOf('iter', 'An iterator over the threads of one process.', {
    target_name: oneOf(targetName, ['task', 'task_file', 'task_vma']),
    pid: u32('Id of the process'),
  }),
  linkOf('iter', 'An iterator over control groups.', {
    target_name: oneOf(targetName, ['cgroup']),
    cgroup_id: u64('Id of the control group it begins at'),
    order: text('Order of the walk, such as self_only'),
  }),
  linkOf('iter', 'Another iterator.', {
    target_name: {
      ...text(targetName),
      not: { enum: ['bpf_map_elem', 'bpf_sk_storage_map', 'task', 'task_file', 'task_vma', 'cgroup'] },
    },
  }),
];

const kprobeMulti = linkOf('kprobe_multi', 'Probes on many kernel functions.', {
  ...retprobe,
  ...functionCount,
  missed: u64('How often the program could not run'),
  funcs: list(
    'The functions by address; those whose names are hidden are left out',
    record('A function.', {
      addr: u64('Address of the probe'),
      func: text('Name of the function'),
      module: anyOf(text('Module it is in'), { description: 'It is in the kernel itself.', type: 'null' }),
      ...cookie,
    }),
  ),
});
const uprobeMulti = linkOf('uprobe_multi', 'Probes on many places of a file.', {
  ...retprobe,
  path: text('Path of the file'),
  ...functionCount,
  pid: i32('Process it is limited to; 0 = all'),
  funcs: list(
    'The places',
    record('A place.', {
      offset: u64('Offset in the file, in bytes'),
      ref_ctr_offset: u64('Offset of the reference counter in the file, in bytes; 0 = none'),
      ...cookie,
    }),
  ),
});

const perfEvents = [
  linkOf('perf_event', 'A perf event.', {
    event_type: nameOrNumber('Type of the event, such as software'),
    event_config: anyOf(text('Name of the event, such as cpu-clock'), u64('Number of an event without a name')),
    ...cookie,
  }),
  linkOf('perf_event', 'A tracepoint.', { tracepoint: text('Name of the tracepoint'), ...cookie }),
  linkOf('perf_event', 'A probe on a kernel function.', {
    ...retprobe,
    addr: u64('Address of the probe; 0 if hidden'),
    func: text('Name of the function; maybe empty'),
    offset: u32('Offset in the function, in bytes'),
    missed: u64('How often the program could not run'),
    ...cookie,
  }),
  linkOf('perf_event', 'A probe in a file.', {
    ...retprobe,
    file: text('Path of the file'),
    offset: u32('Offset in the file, in bytes'),
    ...cookie,
    ref_ctr_offset: u64('Offset of the reference counter in the file, in bytes; 0 = none'),
  }),
  linkOf('perf_event', 'A perf event of a kind this program does not know.', {}),
];

const known = [
  ['raw_tracepoint', 'tracing', 'cgroup', 'iter', 'netns', 'netfilter', 'tcx', 'netkit', 'sockmap', 'xdp'],
  ['struct_ops', 'kprobe_multi', 'uprobe_multi', 'perf_event'],
].flat();
const other = record(
  'A link of a type without details.',
  { ...base, type: { ...nameOrNumber('Type of the link'), not: { enum: known } } },
  tail,
);

const link = anyOf(
  ...[raw, tracing, tracingGone, cgroup, ...iterators, netns, netfilter, tcx, netkit, sockmap, xdp, structOps],
  ...[kprobeMulti, uprobeMulti, ...perfEvents, other],
);

const show = (verb: string): OutputSchemas =>
  outputOf(
    `link ${verb}`,
    'All links as a list, or the link that was asked for.',
    anyOf(reference('link'), list('All links', reference('link'))),
    { failures: [cutShort(reference('link'))], definitions: { link } },
  );

export const linkSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...nullOf(['link help'], 'The usage text is not printed as JSON.'),
  ...nullOf(['link pin'], 'Pins a link.'),
  ...nullOf(['link detach'], 'Detaches a link. Exit status 1 where that fails.'),
};

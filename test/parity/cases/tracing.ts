import { change, type ParityCase } from '../../support/parity/case.ts';

/** The programs of each object, attached where their sections say. */
const attached: [object: string, programs: string[]][] = [
  ['kernel-probes', ['on_kprobe', 'on_kretprobe', 'on_ksyscall']],
  ['user-probes', ['on_uprobe', 'on_uretprobe']],
  ['tracing', ['on_fentry', 'on_fexit', 'on_lsm', 'on_iter']],
  ['autoattach', ['on_tracepoint', 'on_tp', 'on_raw_tp', 'on_tp_btf', 'pinned_only']],
];

/** Programs on many places at once, or on both ends of a function, and some that say no place or one that is not there. */
const onManyPlaces: [object: string, programs: string[]][] = [
  ['sessions', ['on_one', 'on_some', 'anywhere']],
  ['function-session', ['on_session']],
  ['multi-probes', ['on_one', 'on_some', 'on_return', 'no_match', 'no_function', 'anywhere']],
  ['user-multi-probes', ['on_some', 'on_return', 'on_free', 'no_function', 'no_file', 'anywhere']],
  ['user-sessions', ['on_session', 'anywhere']],
  ['tracing-multi', ['on_entry', 'on_exit', 'on_session', 'no_match', 'anywhere']],
];

/** Loading says nothing, or the same on standard error, in any format. */
const plainOnly = (cases: ParityCase[]) => cases.slice(0, 1);

/**
 * Objects of programs on probes, trampolines, hooks, iterators and devices: loaded, pinned, attached, shown, dumped.
 * Where a kernel or a machine refuses one, both programs must fail alike and leave nothing.
 */
export const tracing: ParityCase[] = attached.flatMap(([object, programs]) =>
  [
    change(`prog loadall {obj:${object}} {pins}/all pinmaps {pins}/maps`, [
      `prog dump xlated pinned {pins}/all/${programs[0]}`,
      `prog dump xlated pinned {pins}/all/${programs.at(-1)}`,
      `prog show pinned {pins}/all/${programs[0]}`,
      `-j prog show pinned {pins}/all/${programs.at(-1)}`,
    ]),
    change(`prog loadall {obj:${object}} {pins}/all autoattach`, [
      ...programs.map((name) => `link show pinned {pins}/all/${name}`),
      `-j link show pinned {pins}/all/${programs[0]}`,
    ]),
  ].flatMap(plainOnly),
);

/** Into a folder that is there, and into one that only a pinned link makes. */
export const manyPlaces: ParityCase[] = onManyPlaces.flatMap(([object, programs]) => [
  ...change(
    `prog loadall {obj:${object}} {pins} autoattach`,
    programs.map((name) => `link show pinned {pins}/${name}`),
  ),
  ...plainOnly(
    change(`prog loadall {obj:${object}} {pins}/all autoattach pinmaps {pins}/maps`, [
      `link show pinned {pins}/all/${programs[0]}`,
      `-j link show pinned {pins}/all/${programs[0]}`,
    ]),
  ),
]);

/** Kinds of programs that are not attached by themselves, each pinned instead; and those that must be told a program. */
export const notAttached: ParityCase[] = [
  ...change(
    'prog loadall {obj:no-autoattach} {pins} autoattach',
    ['p_socket', 'p_sk_reuseport', 'p_tcx_ingress', 'p_xdp', 'p_flow_dissector', 'p_sk_lookup', 'p_raw_tp'].map(
      (name) => `prog show pinned {pins}/${name}`,
    ),
  ),
  ...change('prog loadall {obj:no-autoattach} {pins}/all autoattach', ['prog show pinned {pins}/all/p_socket']),
  // Rights are asked of the BPF file system, which delegates none here.
  ...['/sys/fs/bpf', '/sys/fs/bpf/absent', '/proc/self/stat', '', 'x'.repeat(4096)].flatMap((token) => {
    const env = { LIBBPF_BPF_TOKEN_PATH: token };
    return plainOnly(change('prog load {obj:netkit} {pins}/one', ['prog show pinned {pins}/one'], { env }));
  }),
  // Another type than the section's: the section no longer says how to attach.
  ...change('prog load {obj:autoattach} {pins}/one type raw_tracepoint autoattach', ['prog show pinned {pins}/one']),
  ...change('prog load {obj:no-autoattach} {pins}/one type kprobe autoattach', ['prog show pinned {pins}/one']),
  ...[
    'lsm-cgroup',
    'netkit',
    'struct-ops',
    'extension',
    'extension-bare',
    'program-tracing',
    'tracing-multi-module',
  ].flatMap((object) => [
    ...change(`prog loadall {obj:${object}} {pins} autoattach`),
    ...plainOnly(change(`prog load {obj:${object}} {pins}/one autoattach`, ['prog show pinned {pins}/one'])),
    ...plainOnly(change(`prog load {obj:${object}} {pins}/one type freplace`, ['prog show pinned {pins}/one'])),
  ]),
];

/** Objects whose loading leans on what kernels have gained over time: BTF kinds, global data, attributes, externs. */
const grown = [
  'attributes',
  'globals',
  'rich-values',
  'maps',
  'map-in-map',
  'externs',
  'core',
  'kfuncs',
  'uprobes',
  'kprobes',
];

export const loading: ParityCase[] = grown.flatMap((object) =>
  plainOnly(
    change(`prog loadall {obj:${object}} {pins}/all pinmaps {pins}/maps`, [], {
      normalise: ['addresses'],
      because: 'verifier logs name addresses of maps',
    }),
  ),
);

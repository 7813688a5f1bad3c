import { change, type ParityCase } from '../../support/parity/case.ts';

/** The programs of each object, attached where their sections say. */
const attached: [object: string, programs: string[]][] = [
  ['kernel-probes', ['on_kprobe', 'on_kretprobe', 'on_ksyscall']],
  ['user-probes', ['on_uprobe', 'on_uretprobe']],
  ['tracing', ['on_fentry', 'on_fexit', 'on_lsm', 'on_iter']],
  ['autoattach', ['on_tracepoint', 'on_tp', 'on_raw_tp', 'on_tp_btf', 'pinned_only']],
];

/** Loading says nothing, or the same on standard error, in any format. */
const plainOnly = (cases: ParityCase[]) => cases.slice(0, 1);

/**
 * Objects of programs on probes, trampolines, hooks, iterators and devices: loaded, pinned, attached, shown, dumped.
 * Where a kernel or a machine refuses one, both programs must fail alike and leave nothing.
 */
export const tracing: ParityCase[] = attached.flatMap(([object, programs]) => [
  ...change(`prog loadall {obj:${object}} {pins}/all pinmaps {pins}/maps`, [
    ...programs.flatMap((name) => [
      `prog show pinned {pins}/all/${name}`,
      `prog dump xlated pinned {pins}/all/${name}`,
    ]),
  ]),
  ...plainOnly(
    change(`prog loadall {obj:${object}} {pins}/all autoattach`, [
      ...programs.map((name) => `link show pinned {pins}/all/${name}`),
      `-j link show pinned {pins}/all/${programs[0]}`,
    ]),
  ),
]);

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

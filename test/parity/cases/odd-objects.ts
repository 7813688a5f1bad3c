import { all, change, type ParityCase } from '../../support/parity/case.ts';

/** Loads every program of an object, with and without attaching; `then` looks at what became of it. */
const loads = (name: string, then: string[] = []): ParityCase[] => [
  ...change(`prog loadall {obj:${name}} {pins}/all pinmaps {pins}/maps`, then),
  ...change(`prog loadall {obj:${name}} {pins}/all autoattach`, then),
  ...change(`prog load {obj:${name}} {pins}/one`),
  ...change(`prog load {obj:${name}} {pins}/one autoattach`),
];

const dumped = (...names: string[]) => names.map((name) => `prog dump xlated pinned {pins}/all/${name} linum`);

// biome-ignore format: a list
const told = [
  'arena', 'attributes', 'core', 'core-unfit', 'core-unresolved', 'exceptions', 'externs', 'globals', 'hello', 'jump-tables', 'kernel-types',
  'kfuncs', 'map-in-map', 'maps', 'optional-twins', 'percpu-data', 'rejected', 'struct-ops-map', 'subprograms', 'user-probes',
];

/** What `-d` tells of a load, line by line. */
export const toldObjects: ParityCase[] = told.flatMap((name) =>
  ['', ' autoattach'].flatMap((how) =>
    change(`-d prog loadall {obj:${name}} {pins}/all pinmaps {pins}/maps${how}`, [], {
      normalise: ['descriptors', 'addresses'],
      because: 'each program has descriptors and copies of maps of its own',
    }),
  ),
);

/** Objects that other tools make seldom, each of a kind that a loader can get wrong. */
export const oddObjects: ParityCase[] = [
  ...all('btf dump file {tmp}'),
  ...all('btf dump file /dev/null'),
  ...loads('optional-twins'),
  ...loads('optional-tracepoints'),
  ...loads('optional-only'),
  ...loads('percpu-data'),
  ...loads('jump-tables'),
  ...loads('gcc-maps'),
  // As the tests read text it is UTF-8; bytes that are none are looked at in test/kernel.
  ...loads('source-bytes', ['prog dump xlated pinned {pins}/all/latin linum']),
  ...loads('btf-foreign-names', ['prog show pinned {pins}/all/read_it', ...dumped('read_it')]),
  ...loads('btf-deep', dumped('none')),
  ...loads('btf-needed'),
  ...change('prog loadall {obj:arena-fixed} {pins}/all pinmaps {pins}/maps', [
    ...dumped('bump', 'words', 'wides'),
    'prog dump xlated pinned {pins}/all/wides opcodes',
    'map show pinned {pins}/maps/arena',
  ]),
];

/** Values that are printed in pieces, around the size of a piece and far beyond, made and shown by one process. */
export const largeValues: ParityCase[] = [1, 16, 8191, 8192, 8193, 16_384, 100_003].flatMap((size) =>
  [[], ['-j'], ['-p']].map((format) => ({
    argv: [...format, 'batch', 'file', '{tmp}/lines'],
    changes: true,
    files: {
      lines: [
        `map create {pins}/large type array key 4 value ${size} entries 2 name tfl_large`,
        `map create {pins}/cpus type percpu_array key 4 value ${Math.min(size, 8193)} entries 1 name tfl_cpus`,
        'map dump pinned {pins}/large',
        'map lookup pinned {pins}/large key 1 0 0 0',
        'map dump pinned {pins}/cpus',
      ].join('\n'),
    },
  })),
);

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { all, one, type ParityCase } from '../../support/parity/case.ts';

const project = path.resolve(import.meta.dirname, '../../..');
const fixtures = 'test/fixtures';

/** Every object that is committed. */
const objects = ['test/fixtures/objects', 'examples', 'test/golden/loader'].flatMap((folder) =>
  readdirSync(path.join(project, folder))
    .filter((name) => name.endsWith('.o'))
    .map((name) => `${folder}/${name}`),
);
const signing = `-S -k {project}/${fixtures}/signing/key.pem -i {project}/${fixtures}/signing/certificate.pem`;

/** The reference crashes: nothing is created that a loader program cannot create, and a place without name is none. */
const crashes: Readonly<Record<string, string>> = {
  arena:
    "libbpf: map 'arena': a loader program cannot fill an arena\nlibbpf: map 'arena': failed to create: -EOPNOTSUPP\nError: failed to load object file\n",
  'arena-fixed':
    "libbpf: map 'arena': a loader program cannot fill an arena\nlibbpf: map 'arena': failed to create: -EOPNOTSUPP\nError: failed to load object file\n",
  'btf-needed':
    "libbpf: map 'tsbpftool_odd': a loader program cannot create struct_ops\nError: failed to load object file\n",
  congestion: "libbpf: map 'counting': a loader program cannot create struct_ops\nError: failed to load object file\n",
  'many-core': "Error: program 'm_parent': section 'raw_tp' names no tracepoint\n",
  'no-autoattach': "Error: program 'p_raw_tp': section 'raw_tp' names no tracepoint\n",
  'struct-ops':
    "libbpf: map 'tsbpftool_cc': a loader program cannot create struct_ops\nError: failed to load object file\n",
  'struct-ops-map':
    "libbpf: map 'tsbpftool_map_cc': a loader program cannot create struct_ops\nError: failed to load object file\n",
};

function ofObject(file: string): ParityCase[] {
  const crash = crashes[path.basename(file, '.bpf.o')];
  const difference =
    crash === undefined ? {} : { difference: { id: 'no crash of -L gen skeleton', ours: { stderr: crash } } };
  return [
    ...one(`gen skeleton {project}/${file}`),
    ...one(`gen subskeleton {project}/${file}`),
    ...one(`-L gen skeleton {project}/${file}`, difference),
    ...one(`${signing} gen skeleton {project}/${file}`, difference),
  ];
}

const bytesOf = (file: string) => readFileSync(path.join(project, file)).toString('latin1');
const globals = '{obj:globals}';
const elfIdentity = '\x7fELF\x02\x01\x01';
const refused = (text: string) => ({
  difference: { id: 'names that are none in C', ours: { stdout: '', stderr: `Error: ${text}\n`, status: 255 } },
});

export const genSkeleton: ParityCase[] = [
  ...objects.flatMap(ofObject),
  ...['skeleton', 'subskeleton'].flatMap((verb) => [
    ...one(`gen ${verb}`),
    ...all(`gen ${verb} {tmp}/absent`),
    ...all(`gen ${verb} {tmp}`),
    ...all(`gen ${verb} /dev/null`),
    ...all(`gen ${verb} {tmp}/text`, { files: { text: 'no object' } }),
    ...all(`gen ${verb} {tmp}/short`, { files: { short: elfIdentity.padEnd(63, '\0') } }),
    ...one(`gen ${verb} {tmp}/shorter`, { files: { shorter: elfIdentity.padEnd(15, '\0') } }),
    ...one(`gen ${verb} {tmp}/empty`, { files: { empty: '' } }),
    ...one(`gen ${verb} {tmp}/half`, { files: { half: bytesOf(`${fixtures}/objects/globals.bpf.o`).slice(0, 3000) } }),
    ...all(`gen ${verb} /usr/bin/true`),
    ...all(`gen ${verb} {project}/${fixtures}/link/without-types.bpf.o`),
    ...one(`-L gen ${verb} {project}/${fixtures}/link/without-types.bpf.o`),
    ...all(`gen ${verb} ${globals} name`),
    ...all(`gen ${verb} ${globals} nmae x`),
    ...all(`gen ${verb} ${globals} name x more`),
    ...all(`gen ${verb} ${globals} name x name y`),
    ...all(`gen ${verb} ${globals} n brief`),
    ...all(['gen', verb, globals, 'name', '', 'name', 'x']),
    ...all(`gen ${verb} ${globals} name ${'long_name_'.repeat(8)}`),
    ...one(`gen ${verb} ${globals} name struct`, refused("'struct' is no identifier in C, so nothing can be named so")),
    ...one(`gen ${verb} ${globals} name a-b`, refused("'a-b' is no identifier in C, so nothing can be named so")),
    ...one(`gen ${verb} ${globals} name 1st`, refused("'1st' is no identifier in C, so nothing can be named so")),
    ...one(`-m gen ${verb} {obj:attributes}`),
    ...all(`gen ${verb} ${globals}`, { env: { LIBBPF_BPF_TOKEN_PATH: 'x'.repeat(4096) } }),
  ]),
  ...all('gen skel {obj:maps}'),
  ...all('gen sub {obj:maps}'),
  ...all(`-L gen subskeleton ${globals}`),
  ...all(`-L gen skeleton ${globals}`),
  ...all('-L gen skeleton {obj:map-in-map}'),
  ...all(`${signing} gen subskeleton ${globals}`),
  ...one(`-S -k {tmp}/key.pem -i {tmp}/key.pem gen skeleton ${globals}`, {
    files: { 'key.pem': 'no key' },
    difference: { id: 'a key that cannot be used', ours: { status: 234 } },
  }),
];

/** Files whose names are no identifiers, by name; the contents are those of a fixture, as Latin-1. */
export const oddlyNamed = {
  bytes: bytesOf('test/fixtures/objects/globals.bpf.o'),
  names: [
    'plain',
    'a.b.c.o',
    '.o',
    'x.o.o',
    'with blank.o',
    'größe.bpf.o',
    `${'long'.repeat(20)}.o`,
    `${'x'.repeat(61)}ü.o`,
    '7th.bpf.o',
  ],
};

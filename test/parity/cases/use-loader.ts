import { readFileSync } from 'node:fs';
import path from 'node:path';
import { all, change, one, type ParityCase } from '../../support/parity/case.ts';

// Loaded, or refused by the kernel: by the verifier, for want of BTF or of a type, for their kinds of maps.
const objects = [
  'autoattach',
  'core',
  'core-unresolved',
  'exceptions',
  'externs',
  'globals',
  'kernel-types',
  'kfuncs',
  'kprobes',
  'machine-code',
  'many-core',
  'maps',
  'optional',
  'program-types',
  'refusals',
  'rejected',
  'rich-values',
  'set-variables',
  'static-probes',
  'streams',
  'subprograms',
  'tracing',
  'uprobes',
];
/** Refused before the kernel is asked. */
const impossible = [
  'attributes',
  'extension',
  'extension-bare',
  'map-in-map',
  'pinned-map',
  'struct-ops-optional',
  'tracing-multi-module',
];

const signing = path.resolve(import.meta.dirname, '../../fixtures/signing');
const signed = (options: string, object: string) =>
  `-S -k ${signing}/${options.split(' ')[0]} -i ${signing}/${options.split(' ')[1]} prog load {obj:${object}}`;
const own = { id: 'a key that cannot be used', ours: { status: 234 } };
const said = (text: string) => ({
  ...own,
  ours: { ...own.ours, stderr: `Error: ${text}\nError: failed to sign program\n` },
});

const crash = (object: string, text: string): ParityCase[] =>
  one(`-L prog load {obj:${object}}`, {
    difference: {
      id: 'no crash of -L',
      ours: { stdout: '', stderr: `${text}Error: failed to load object file\n`, status: 161 },
    },
  });

const key = readFileSync(path.join(signing, 'key.pem'), 'utf8');

export const useLoader: ParityCase[] = [
  ...objects.flatMap((name) => one(`-L prog load {obj:${name}}`)),
  ...impossible.flatMap((name) => all(`-L prog load {obj:${name}}`)),
  ...all('-L prog load {obj:rejected} {pins}/nothing type xdp'),
  ...all('prog load {obj:run-xdp} -L'),
  ...all('--use-loader prog load {tmp}/absent'),
  ...all('-L prog load /'),
  ...all('-L prog load {tmp}/text', { files: { text: 'no object' } }),
  ...all('-L prog load'),
  ...all('-L prog load {obj:globals}', { env: { LIBBPF_BPF_TOKEN_PATH: '/no/such/folder' } }),
  ...one('-L prog load {obj:globals}', { env: { LIBBPF_BPF_TOKEN_PATH: '' } }),
  ...one('-L -m prog load {obj:attributes}'),
  ...one('-L batch file {tmp}/lines', {
    files: { lines: 'prog load {obj:globals}\nprog load {obj:kfuncs}\nprog load {obj:rejected}\nprog load {obj:core}' },
  }),
  ...change('-L prog load {obj:globals} {pins}/one pinmaps {pins}/maps', ['map show pinned {pins}/one']),
  // These mean nothing to loadall.
  ...change('-L prog loadall {obj:run-xdp} {pins}/several', ['prog show pinned {pins}/several/cut_tail'], {
    normalise: ['ids', 'times'],
    because: 'each program loads its own',
  }),
  ...all(signed('key.pem certificate.pem', 'run-xdp')),
  ...one(signed('key.pem absent.pem', 'run-xdp'), {
    difference: said(`can't read ${signing}/absent.pem: No such file or directory`),
  }),
  ...one('-S -k {tmp}/certificate.pem -i {tmp}/key.pem prog load {obj:run-xdp}', {
    files: { 'key.pem': key, 'certificate.pem': 'no certificate' },
    difference: own,
  }),
  ...one('-S -k {tmp}/key.pem -i {tmp}/certificate.pem prog load {obj:run-xdp}', {
    files: { 'key.pem': key, 'certificate.pem': key },
    difference: own,
  }),
  ...crash('struct-ops', "libbpf: map 'tsbpftool_cc': a loader program cannot create struct_ops\n"),
  ...crash(
    'arena',
    "libbpf: map 'arena': a loader program cannot fill an arena\nlibbpf: map 'arena': failed to create: -EOPNOTSUPP\n",
  ),
];

import type { OptionSpec } from './getopt.ts';

/** An option that stands anywhere on the line. */
export interface GlobalOption extends OptionSpec {
  /** Sentences for manual pages and completion menus. */
  readonly summary: string;
}

export const globalOptions: readonly GlobalOption[] = [
  { long: 'json', short: 'j', summary: 'Print JSON. Errors are JSON objects too, on standard output.' },
  { long: 'help', short: 'h', summary: 'Print the usage text and exit.' },
  { long: 'pretty', short: 'p', summary: 'Print JSON laid out for people; implies -j.' },
  {
    long: 'version',
    short: 'V',
    summary: 'Print the version, the bpftool and libbpf versions it matches, and the features it has.',
  },
  { long: 'bpffs', short: 'f', summary: 'Show the paths at which objects are pinned.' },
  { long: 'mapcompat', short: 'm', summary: 'Accept maps with attributes that are not known.' },
  { long: 'nomount', short: 'n', summary: 'Never mount a BPF file system.' },
  { long: 'debug', short: 'd', summary: "Print the loader's debug messages and full verifier logs." },
  {
    long: 'use-loader',
    short: 'L',
    summary:
      'Load objects by a loader program, or generate a skeleton that holds one, instead of by one call for each part.',
  },
  { long: 'sign', short: 'S', summary: 'Sign the loader program; implies -L, and takes -k and -i.' },
  {
    long: 'base-btf',
    short: 'B',
    argument: 'FILE',
    summary: 'The BTF that split BTF, such as that of a kernel module, is based on.',
  },
  { short: 'i', argument: 'CERT', summary: 'The certificate (X.509, PEM or DER) that goes with the key of -k.' },
  { short: 'k', argument: 'KEY', summary: 'The private key (PEM) that -S signs with.' },
];

/** Not in the reference: it is known by its whole name only, so that no abbreviation changes its meaning. */
export const namespaceOption: GlobalOption = {
  long: 'netns',
  argument: 'NAME|PID|PATH',
  summary:
    'See the network of another namespace: one that `ip netns` names, that of a process, or that of a file. Not in bpftool.',
};

// The kernels of `npm run test:kernels`, one line each. To add one: its version, the Debian suites that have it, and
// the packages that together hold its image and modules.
export const kernels = [
  { version: '5.10', suites: ['bullseye'], packages: [/^linux-image-5\.10\.\d+-\d+-cloud-amd64$/] },
  { version: '6.1', suites: ['bookworm'], packages: [/^linux-image-6\.1\.\d+-\d+-cloud-amd64$/] },
  {
    version: '6.12',
    suites: ['trixie', 'trixie-backports'],
    packages: [/^linux-image-6\.12\.\d+\+deb13-cloud-amd64$/],
  },
  {
    version: '7.3',
    suites: ['trixie', 'trixie-backports'],
    packages: [/^linux-binary-7\.3\.\d+\+deb13-cloud-amd64$/, /^linux-modules-7\.3\.\d+\+deb13-cloud-amd64$/],
  },
];

/** Kernels of other processors, which only run when they are named: emulated from a far one they take long. */
export const foreignKernels = [
  {
    version: '6.12-arm64',
    architecture: 'arm64',
    suites: ['trixie', 'trixie-backports'],
    packages: [/^linux-image-6\.12\.\d+\+deb13-cloud-arm64$/],
  },
];

/** Modules loaded inside, in this order; one that is built in or absent is passed over. */
export const modules = [
  ...['veth', 'netkit', 'sch_ingress', 'sch_htb', 'sch_tbf', 'sch_prio'],
  ...['cls_bpf', 'cls_matchall', 'act_gact', 'act_bpf'],
];

/**
 * Of which groups of tests how much runs inside: every nth test, all when absent, none for 0. Emulation is some twenty times slower
 * than the machine, and most command lines behave alike on every kernel; what differs by kernel runs in full.
 */
export const everyNth = {
  'an object loads to what the reference loads it to': 9,
  'bpftool map show': 90,
  'bpftool map dump': 65,
  'bpftool map lookup': 60,
  'bpftool map getnext': 25,
  'bpftool map update, delete, pin, push, pop, freeze': 59,
  'bpftool map create': 34,
  'bpftool map show, rare types': 39,
  'bpftool map dump, rare and typed maps': 28,
  'bpftool map lookup, peek, every type': 28,
  'bpftool map getnext, every type': 33,
  'bpftool map update, delete, push, pop, freeze, pin, every type': 51,
  'bpftool objects, with all that is done': 8,
  'bpftool odd objects': 8,
  'programs of linked objects': 6,
  'a module with a distilled base': 3,
  watch: 2,
  'bpftool large values': 7,
  'bpftool prog loadall: what traces': 3,
  'bpftool prog show': 36,
  'bpftool prog dump xlated': 54,
  'bpftool prog load, loadall, pin': 28,
  // Of every eighth link the plain text; those of programs that trace are seen, in JSON too, where these are attached.
  'bpftool link show': 24,
  'bpftool prog attach': 28,
  'bpftool prog detach': 12,
  'bpftool prog attach and detach refused': 142,
  'bpftool -L, -S': 28,
  // Addresses of maps in the verifier's log differ from load to load on some kernels.
  'bpftool -d -L prog load': 0,
  'what bpftool has not, with -L': 2,
  'bpftool prog run': 20,
  'bpftool prog run refused': 77,
  'bpftool struct_ops': 8,
  // What is called on many places is seen on every kernel by the tests of the library.
  'bpftool prog loadall: what traces many places': 9,
  'bpftool prog loadall: what is not attached by itself': 11,
  'bpftool prog tracelog': 3,
  'bpftool prog tracelog of a program': 14,
  'bpftool prog tracelog where tracefs is not in its place': 4,
  'prog load --set': 6,
  'prog load --set refuses, and leaves nothing behind:': 24,
  'prog load --explain': 3,
  'a refused program is explained:': 3,
  'a file that is no BPF object': 3,
  'bpftool link detach, pin': 16,
  // What netlink answers and which hooks there are differs by kernel: one line at least of each scene.
  'bpftool net show': 5,
  'bpftool net attach, detach': 11,
  'bpftool net refused': 29,
  'bpftool btf show': 20,
  'bpftool LIBBPF_LOG_LEVEL': 28,
  'bpftool cgroup show': 9,
  'bpftool cgroup show refused': 20,
  'bpftool cgroup tree': 9,
  'bpftool cgroup tree refused': 16,
  'bpftool cgroup attach': 12,
  'bpftool cgroup detach': 7,
  'bpftool cgroup attach and detach refused': 40,
  'bpftool token': 12,
  // A probe is some 6,000 calls: a minute under emulation.
  'bpftool feature probe': 9,
  'bpftool feature probe dev': 10,
  'bpftool feature probe unprivileged': 9,
  'bpftool feature probe refused': 28,
  'bpftool feature probe elsewhere': 0,
  'bpftool help': 94,
  'bpftool version': 12,
  'bpftool options': 67,
  'bpftool batch': 40,
  'bpftool without permission': 14,
  'an element as JSON on the command line': 0,
  'the schema of a map': 0,
  batches: 2,
  'lines of JSON': 8,
  'bpftool map dump, documented differences': 3,
  'without rights': 4,
  'snapshot and diff': 4,
  metrics: 3,
  top: 3,
  gc: 2,
  'references to a program': 3,
  'two references to a program': 8,
  'references to a map': 3,
  // Whole with `--only 'trace of every call'`, which takes ten minutes a kernel.
  'trace of every call': 3,
  'trace of what runs': 4,
};

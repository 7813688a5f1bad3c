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

/** Modules loaded inside, in this order; one that is built in or absent is passed over. */
export const modules = ['veth', 'sch_ingress', 'cls_bpf', 'act_bpf', 'netkit'];

/**
 * Of which groups of tests how much runs inside: every nth test, all when absent. Emulation is some twenty times slower
 * than the machine, and most command lines behave alike on every kernel; what differs by kernel runs in full.
 */
export const everyNth = {
  'bpftool map show': 16,
  'bpftool map dump': 10,
  'bpftool map lookup': 17,
  'bpftool map getnext': 14,
  'bpftool map update, delete, pin, push, pop, freeze': 17,
  'bpftool map create': 10,
  'bpftool map show, rare types': 10,
  'bpftool map dump, rare and typed maps': 8,
  'bpftool map lookup, peek, every type': 14,
  'bpftool map getnext, every type': 14,
  'bpftool map update, delete, push, pop, freeze, pin, every type': 20,
  'bpftool prog show': 16,
  'bpftool prog dump xlated': 16,
  'bpftool prog load, loadall, pin': 10,
  // Of each link the plain text; JSON is seen where programs are attached.
  'bpftool link show': 3,
  'bpftool prog attach': 7,
  'bpftool prog detach': 4,
  'bpftool prog attach and detach refused': 40,
  'bpftool prog run': 7,
  'bpftool prog run refused': 20,
  'bpftool prog tracelog of a program': 10,
  'bpftool prog tracelog where tracefs is not in its place': 3,
  'prog load --set': 3,
  'prog load --set refuses, and leaves nothing behind:': 12,
  'a refused program is explained:': 3,
  'bpftool link detach, pin': 8,
  'bpftool btf show': 8,
  'bpftool help': 90,
  'bpftool version': 12,
  'bpftool options': 40,
  'bpftool batch': 25,
  'bpftool without permission': 14,
  'an element as JSON on the command line': 6,
  'the schema of a map': 5,
  'lines of JSON': 3,
};

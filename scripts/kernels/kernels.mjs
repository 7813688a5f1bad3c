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
  'bpftool map show': 8,
  'bpftool map dump': 6,
  'bpftool map lookup': 12,
  'bpftool map getnext': 10,
  'bpftool map update, delete, pin, push, pop, freeze': 12,
  'bpftool map create': 8,
  'bpftool map show, rare types': 10,
  'bpftool map dump, rare and typed maps': 8,
  'bpftool map lookup, peek, every type': 12,
  'bpftool map getnext, every type': 12,
  'bpftool map update, delete, push, pop, freeze, pin, every type': 20,
  'bpftool map update, words': 20,
  'bpftool map update, maps and programs as values': 14,
  'bpftool map lookup, getnext, delete, dump, words': 20,
  'bpftool map event_pipe, words': 18,
  'bpftool map create, every type': 20,
  'bpftool map create, words': 20,
  'bpftool prog show': 8,
  'bpftool prog dump xlated': 8,
  'bpftool prog load, loadall, pin': 6,
  // Of each link one of the three formats.
  'bpftool link show': 2,
  'bpftool prog attach': 5,
  'bpftool prog detach': 3,
  'bpftool prog attach and detach refused': 20,
  'bpftool prog run': 3,
  'bpftool prog run refused': 10,
  'bpftool prog tracelog of a program': 6,
  'bpftool prog tracelog where tracefs is not in its place': 3,
  'prog load --set': 2,
  'prog load --set refuses, and leaves nothing behind:': 8,
  'a refused program is explained:': 2,
  'bpftool link detach, pin': 5,
  'bpftool btf show': 6,
  'bpftool help': 40,
  'bpftool version': 6,
  'bpftool options': 20,
  'bpftool batch': 12,
  'bpftool without permission': 9,
};

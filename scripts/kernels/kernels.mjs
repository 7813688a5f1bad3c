// The kernels of `npm run test:kernels`, one line each. To add one: its version, the Debian suites that have it, and
// the packages that together hold its image and modules.
export const kernels = [
  { version: '5.10', suites: ['bullseye'], packages: [/^linux-image-5\.10\.\d+-\d+-cloud-amd64$/] },
  { version: '6.1', suites: ['bookworm'], packages: [/^linux-image-6\.1\.\d+-\d+-cloud-amd64$/] },
  { version: '6.12', suites: ['trixie', 'trixie-backports'], packages: [/^linux-image-6\.12\.\d+\+deb13-cloud-amd64$/] },
  {
    version: '7.3',
    suites: ['trixie', 'trixie-backports'],
    packages: [/^linux-binary-7\.3\.\d+\+deb13-cloud-amd64$/, /^linux-modules-7\.3\.\d+\+deb13-cloud-amd64$/],
  },
];

/** Modules loaded inside, in this order; one that is built in or absent is passed over. */
export const modules = ['veth', 'sch_ingress', 'cls_bpf', 'act_bpf', 'netkit'];

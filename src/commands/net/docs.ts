// What `help net` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const netDocs: FamilyDocs = {
  details: 'Devices are those of the network namespace that the command runs in, or that --netns names.',
  words: {
    devname: 'A network device, by its name.',
    ATTACH_TYPE: 'The hook of the device.',
    PROG: 'A program: by its id, the path of a pin, its tag, or its name.',
  },
  verbs: {
    show: {
      details:
        'Four lists: XDP programs, those of tcx, netkit and traffic control, flow dissectors, and netfilter links; with dev those of one ' +
        'device only.',
      examples: [
        { line: 'tsbpftool net show', summary: 'Lists what is attached to all devices.' },
        { line: 'tsbpftool -p net show dev lo', summary: 'Prints what is attached to the loopback device as JSON.' },
      ],
    },
    attach: {
      details:
        'The program stays there until it is detached or the device goes. A device has one XDP program: overwrite replaces it, without ' +
        'this word the command fails where there is one. Programs of tcx run one after the other: prepend puts this one first instead of last.',
      examples: [
        {
          line: 'tsbpftool net attach xdpgeneric name filter dev lo',
          summary: 'Runs an XDP program on what the loopback device receives.',
        },
        {
          line: 'tsbpftool net attach tcx_ingress name policy dev lo prepend',
          summary: 'Runs a program before others.',
        },
      ],
    },
    detach: {
      details: 'The type is that of attach; xdp takes off a program of whichever mode the device chose.',
      examples: [{ line: 'tsbpftool net detach xdpgeneric dev lo', summary: 'Takes the XDP program off again.' }],
    },
  },
};

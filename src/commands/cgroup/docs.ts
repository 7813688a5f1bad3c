// What `help cgroup` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const cgroupDocs: FamilyDocs = {
  words: {
    CGROUP: "The control group's folder.",
    CGROUP_ROOT: 'The folder to begin with; unless given, where the hierarchy is mounted.',
    ATTACH_TYPE:
      'A name of the kernel in full, or its older, shorter name (ingress, bind4, ...), or a beginning of that.',
    ATTACH_FLAGS: 'multi or override.',
    PROG: 'A program: by its id, the path of a pin, its tag, or its name.',
  },
  verbs: {
    show: {
      details:
        'Shown are the programs attached to the group; with effective those that run for it, with what it inherits. Programs for security ' +
        'modules are shown with the function of the kernel they are at.',
      examples: [
        { line: 'tsbpftool cgroup show /sys/fs/cgroup effective', summary: 'Prints what runs for the root group.' },
      ],
    },
    tree: {
      details:
        'Only groups with programs are shown. A group that vanishes meanwhile, or cannot be opened or asked, does not end the list: the errors ' +
        'come at its end, and the exit status is 255.',
      examples: [{ line: 'tsbpftool cgroup tree', summary: 'Prints the programs of all control groups.' }],
    },
    attach: {
      details:
        'Of several types that begin so the first is meant. multi: beside other programs, and groups below can attach theirs too; override: ' +
        'groups below can attach another instead.',
      examples: [
        {
          line: 'tsbpftool cgroup attach /sys/fs/cgroup/web connect4 pinned /sys/fs/bpf/logger multi',
          summary: 'Sees connections of a group.',
        },
      ],
    },
    detach: { details: 'Takes off a program that was attached without a link.' },
  },
};

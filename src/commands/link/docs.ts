// What `help link` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const linkDocs: FamilyDocs = {
  details:
    'A link is what keeps a program attached: when the last descriptor and the last pin of it are gone, the program is detached.',
  words: {
    LINK: 'A link: by its id or the path of a pin.',
    LINK_ID: 'The id of a link, as `link show` lists it.',
    FILE: 'A path on a BPF file system.',
  },
  verbs: {
    show: {
      details:
        'Lists every link, or one: id, type, program, what it is attached to and how, and the processes that have it open; with -f the paths ' +
        'at which it is pinned.',
      examples: [
        { line: 'tsbpftool link show', summary: 'Lists all links.' },
        { line: 'tsbpftool -f link show pinned /sys/fs/bpf/counter', summary: 'Prints one link, with its pins.' },
      ],
    },
    pin: {
      details: 'The program stays attached as long as the file is there.',
      examples: [
        { line: 'tsbpftool link pin id 3 /sys/fs/bpf/kept', summary: 'Keeps a program attached when its loader ends.' },
      ],
    },
    detach: {
      details:
        'Takes the program off at once, whoever has the link open. The link stays, attached to nothing, until it is closed and unpinned. ' +
        'Not every type of link can be detached so. All failures have exit status 1.',
      examples: [{ line: 'tsbpftool link detach id 3', summary: 'Takes a program off.' }],
    },
  },
};

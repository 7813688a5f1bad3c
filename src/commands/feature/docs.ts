// What `help feature` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const featureDocs: FamilyDocs = {
  words: {
    COMPONENT: 'kernel, or a network device that runs programs itself.',
    PREFIX: 'What the names of the macros begin with.',
    NAME: 'A network device.',
    GROUP: 'What names are listed of.',
  },
  verbs: {
    probe: {
      details:
        "Shows the system's settings and the kernel's configuration, then tries program types, map types, helper functions in programs of each " +
        'type, and what else came with time; for a network device, what it runs itself. full: also the helpers whose trial leaves lines in the ' +
        "kernel's log. unprivileged: as a user without the capabilities that BPF asks for; without this word they are needed. macros: as " +
        'definitions for C.',
      examples: [
        { line: 'tsbpftool feature probe', summary: 'Says what the running kernel can do.' },
        { line: 'tsbpftool feature probe macros prefix HAVE_', summary: 'The same, for a C compiler.' },
      ],
    },
    list_builtins: { details: 'Lists the names this program knows, whatever the kernel is.' },
  },
};

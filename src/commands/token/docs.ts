// What `help token` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const tokenDocs: FamilyDocs = {
  words: {},
  verbs: {
    show: {
      details:
        'Those of the mount namespace of this process, with the commands, types of maps and programs, and attach types that a token made of each allows.',
      examples: [{ line: 'tsbpftool token show', summary: 'Lists what BPF file systems delegate.' }],
    },
  },
};

// What `help perf` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const perfDocs: FamilyDocs = {
  words: {},
  verbs: {
    show: {
      details:
        'A line for each descriptor of a process that is a perf event with a program: raw tracepoints, tracepoints, kprobes and uprobes, each ' +
        'with where it is. Other links, and those that no process has open, are in `link show`.',
      examples: [
        { line: 'tsbpftool perf show', summary: 'Lists what is attached by perf events.' },
        { line: 'tsbpftool -j perf list', summary: 'The same as JSON.' },
      ],
    },
  },
};

// What `help iter` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const iterDocs: FamilyDocs = {
  details:
    'An iterator is a program that the kernel calls for each of many things, such as tasks, maps or sockets. What it writes is the content of ' +
    'the file that it is pinned as.',
  words: {
    OBJ: 'An object file whose first program is an iterator (section iter/...).',
    PATH: 'A path on a BPF file system.',
    MAP: 'The map whose elements are gone through, for programs of iter/bpf_map_elem.',
  },
  verbs: {
    pin: {
      details: 'Each reading of the file runs the iterator again, from the beginning. Removing the file unloads it.',
      examples: [
        {
          line: 'tsbpftool iter pin tasks.bpf.o /sys/fs/bpf/tasks && cat /sys/fs/bpf/tasks',
          summary: 'Makes a file that lists the tasks, and reads it.',
        },
      ],
    },
  },
};

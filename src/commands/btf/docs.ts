// What `help btf` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const btfDocs: FamilyDocs = {
  details:
    'BTF says which types the kernel, a module, a program or a map has. BTF of modules is split: it continues that of the kernel, whose types ' +
    'it mentions by their numbers.',
  words: {
    BTF_SRC: 'Whose types: those of a BTF object, of a program, of a map, or of a file.',
    BTF_ID: 'The id of a BTF object, as `btf show` lists it.',
    FORMAT: 'raw: every record with its number; c: declarations for C.',
    FILE: 'An ELF file with a .BTF section, or BTF itself, as in /sys/kernel/btf.',
    MAP: 'A map: by its id, the path of a pin, or its name.',
    PROG: 'A program: by its id, the path of a pin, its tag, or its name.',
    ROOT_ID: 'The number of a type, as format raw prints it.',
  },
  verbs: {
    show: {
      details:
        'Lists every BTF object, or one: id, name where it belongs to the kernel, size, the programs and maps that have it, and the processes ' +
        'that have it open.',
      examples: [{ line: 'tsbpftool btf show', summary: 'Lists all BTF objects.' }],
    },
    dump: {
      details:
        'Of a map the types of its key and value (kv) unless key, value or all follows. Declarations for C come in an order that compiles, ' +
        'and sorted; unsorted leaves the order of the records. root_id prints one type and those it consists of, and may be repeated. Several ' +
        'files, such as those of modules, are merged into one dump.',
      examples: [
        {
          line: 'tsbpftool btf dump file /sys/kernel/btf/vmlinux format c > vmlinux.h',
          summary: "Writes the kernel's types as a header for BPF programs.",
        },
        { line: 'tsbpftool btf dump map name config value', summary: 'Prints the type of the values of a map.' },
        { line: 'tsbpftool btf dump prog name hello format c', summary: 'Declares the types of a program.' },
      ],
    },
  },
};

// What `help gen` and the manual page say beyond the usage text; imported for those only.
import type { FamilyDocs } from '../../cli/index.ts';

export const genDocs: FamilyDocs = {
  details: 'Works on files: nothing is loaded, and no privilege is needed.',
  words: {
    OUTPUT_FILE: 'The file that is written. It appears when it is complete.',
    INPUT_FILE: 'An object file, as clang -target bpf or gcc makes it, or one that was linked before.',
    FILE: 'An object file.',
    OBJECT_NAME: 'What names in the code begin with.',
    INPUT: 'BTF of a kernel, in a file.',
    OUTPUT: 'The file that is written.',
    OBJECT: 'An object file with CO-RE relocations.',
  },
  verbs: {
    object: {
      details:
        'As a linker does for machine code: sections of the same name are joined, weak symbols give way, externs are resolved, and the BTF of ' +
        'all is merged without duplicates.',
      examples: [{ line: 'tsbpftool gen object app.bpf.o hello.bpf.o library.bpf.o', summary: 'Links two objects.' }],
    },
    skeleton: {
      details:
        'The code holds the object and opens, loads, attaches and destroys it; its maps, programs, links and variables are members of a struct. ' +
        'With -L it needs no libbpf at run time (a light skeleton), with -S what it loads is signed.',
      examples: [
        { line: 'tsbpftool gen skeleton hello.bpf.o name hello > hello.skel.h', summary: 'Writes a header for C.' },
        {
          line: 'tsbpftool gen skeleton hello.bpf.o --lang ts --event output=event_t > hello.ts',
          summary: 'Writes a module for TypeScript.',
        },
        { line: 'tsbpftool -L gen skeleton hello.bpf.o > hello.lskel.h', summary: 'Writes a light skeleton.' },
      ],
    },
    subskeleton: {
      details:
        'For a library whose object is linked into that of a program: it finds its own maps, programs and variables in an object that somebody ' +
        'else has opened, and owns none of them.',
      examples: [
        {
          line: 'tsbpftool gen subskeleton library.bpf.o > library.subskel.h',
          summary: 'Writes a header for a library.',
        },
      ],
    },
    min_core_btf: {
      details:
        'Of the BTF of a kernel what the relocations of the objects look at: a few kilobytes that go with a program to kernels without BTF of ' +
        'their own.',
      examples: [
        {
          line: 'tsbpftool gen min_core_btf /sys/kernel/btf/vmlinux min.btf hello.bpf.o',
          summary: 'Writes what one object needs.',
        },
      ],
    },
  },
};

// The verbs of `btf` that the reference lacks: one value each for parser, help, completion and manual page.
import type { Argument, Declaration } from '../../cli/index.ts';

const source: Argument = {
  name: 'BTF_SRC',
  summary: 'Whose types: those of a BTF object, of a program, of the key and value of a map, or of a file.',
};

export const typesVerb: Declaration = {
  forms: ['BTF_SRC [root TYPE_NAME...]'],
  arguments: [
    source,
    {
      name: 'root',
      summary: 'Only the types named, and those they consist of.',
      default: 'all structs, unions, enums and typedefs; of a map its key and value',
    },
    { name: 'TYPE_NAME', summary: 'A type by its name.' },
  ],
  examples: [
    {
      line: 'tsbpftool btf types file /sys/kernel/btf/vmlinux root bpf_map_info',
      summary: 'Declares the values of struct bpf_map_info, as the library gives them.',
    },
  ],
  load: async () => (await import('./types.ts')).types,
};

export const findVerb: Declaration = {
  forms: ['BTF_SRC TYPE_NAME'],
  arguments: [
    source,
    {
      name: 'TYPE_NAME',
      summary: 'A name, a pattern with * and ?, or STRUCT.MEMBER, where members of members follow after more dots.',
    },
  ],
  examples: [
    { line: "tsbpftool btf find file /sys/kernel/btf/vmlinux 'bpf_map_*'", summary: 'Types by a pattern, in C.' },
    {
      line: 'tsbpftool btf find file /sys/kernel/btf/vmlinux task_struct.comm',
      summary: 'Where the member lies, and of which type it is.',
    },
  ],
  load: async () => (await import('./find.ts')).find,
};

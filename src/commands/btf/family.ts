import type { CommandFamily } from '../../cli/index.ts';

/** `btf`: BTF type information held by the kernel or in files. */
export const btfFamily: CommandFamily = {
  name: 'btf',
  summary: 'BTF type information held by the kernel or in files.',
  docs: async () => (await import('./docs.ts')).btfDocs,
  verbs: [
    { name: 'show', summary: 'List all of them, or one.', load: async () => (await import('./show.ts')).show },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    { name: 'help', summary: 'Print the usage.' },
    {
      name: 'dump',
      summary: 'Dump the contents.',
      forms: ['BTF_SRC [format FORMAT] [root_id ROOT_ID]...'],
      load: async () => (await import('./dump.ts')).dump,
    },
    {
      name: 'types',
      extension: true,
      summary: 'Print TypeScript declarations of the values of types.',
      declare: async () => (await import('./declarations.ts')).typesVerb,
    },
    {
      name: 'find',
      extension: true,
      summary: 'Find types by name or pattern, or the offset of a member.',
      declare: async () => (await import('./declarations.ts')).findVerb,
    },
  ],
  usage: `Usage: %P btf { show | list } [id BTF_ID]
       %P btf dump BTF_SRC [format FORMAT] [root_id ROOT_ID]
       %P btf help

       BTF_SRC := { id BTF_ID | prog PROG | map MAP [{key | value | kv | all}] |
                    file FILE [file FILE]... }
       FORMAT  := { raw | c [unsorted] }
       MAP := { id MAP_ID | pinned FILE | name MAP_NAME }
       PROG := { id PROG_ID | pinned FILE | tag PROG_TAG | name PROG_NAME }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-B|--base-btf} }
`,
};

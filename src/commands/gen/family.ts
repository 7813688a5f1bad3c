import type { CommandFamily, VerbOption } from '../../cli/index.ts';

const languageOptions: readonly VerbOption[] = [
  {
    long: 'lang',
    argument: 'LANG',
    offers: ['ts', 'json'],
    summary:
      'Instead of C a TypeScript module (ts) with typed maps, variables and programs, or what there is of them as JSON (json).',
  },
  {
    long: 'event',
    argument: 'MAP=TYPE',
    summary: 'The type of the events of a ring or perf buffer, for these languages; may repeat.',
  },
  {
    long: 'external',
    summary: 'The TypeScript module reads the object from its file, which stays beside it, instead of holding it.',
  },
];

/** `gen`: linked objects, skeletons and minimal BTF. */
export const genFamily: CommandFamily = {
  name: 'gen',
  summary: 'Linked objects, skeletons and minimal BTF.',
  docs: async () => (await import('./docs.ts')).genDocs,
  verbs: [
    { name: 'object', summary: 'Link object files into one.', load: async () => (await import('./object.ts')).object },
    {
      name: 'skeleton',
      summary: 'Generate a skeleton header.',
      options: languageOptions,
      load: async () => (await import('./skeleton.ts')).skeleton,
    },
    {
      name: 'subskeleton',
      summary: 'Generate a subskeleton header.',
      load: async () => (await import('./subskeleton.ts')).subskeleton,
    },
    {
      name: 'min_core_btf',
      summary: 'Reduce BTF to what objects relocate against.',
      load: async () => (await import('./min-core-btf.ts')).minCoreBtf,
    },
    { name: 'help', summary: 'Print the usage.' },
  ],
  usage: `Usage: %P gen object OUTPUT_FILE INPUT_FILE [INPUT_FILE...]
       %P gen skeleton FILE [name OBJECT_NAME]
       %P gen subskeleton FILE [name OBJECT_NAME]
       %P gen min_core_btf INPUT OUTPUT OBJECT [OBJECT...]
       %P gen help

       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-L|--use-loader} | [ {-S|--sign } {-k} <private_key.pem> {-i} <certificate.x509> ]}
`,
};

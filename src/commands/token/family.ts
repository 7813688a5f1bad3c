import type { CommandFamily } from '../../cli/index.ts';

/** `token`: delegation tokens of BPF file systems. */
export const tokenFamily: CommandFamily = {
  name: 'token',
  summary: 'Delegation tokens of BPF file systems.',
  docs: async () => (await import('./docs.ts')).tokenDocs,
  verbs: [
    {
      name: 'show',
      summary: 'List the file systems that delegate rights.',
      load: async () => (await import('./show.ts')).show,
    },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    { name: 'help', summary: 'Print the usage.' },
  ],
  usage: `Usage: %P %O { show | list }
       %P %O help
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} }

`,
};

import type { CommandFamily } from '../../cli/index.ts';

/** `perf`: programs attached to perf events of running processes. */
export const perfFamily: CommandFamily = {
  name: 'perf',
  summary: 'Programs attached to perf events of running processes.',
  helpIgnoresJson: true,
  docs: async () => (await import('./docs.ts')).perfDocs,
  verbs: [
    { name: 'show', summary: 'List all of them.', load: async () => (await import('./show.ts')).show },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    { name: 'help', summary: 'Print the usage.' },
  ],
  usage: `Usage: %P %O { show | list }
       %P %O help

       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} }
`,
};

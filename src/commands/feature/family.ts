import type { CommandFamily } from '../../cli/index.ts';

/** `feature`: what the kernel and network devices support. */
export const featureFamily: CommandFamily = {
  name: 'feature',
  summary: 'What the kernel and network devices support.',
  docs: async () => (await import('./docs.ts')).featureDocs,
  verbs: [
    {
      name: 'probe',
      summary: 'Probe for features.',
      forms: ['[COMPONENT] [full] [unprivileged] [macros] [prefix PREFIX]'],
      wordNeeds: { prefix: ['macros'] },
      load: async () => (await import('./probe.ts')).probe,
    },
    {
      name: 'list_builtins',
      summary: 'List the names this program knows.',
      load: async () => (await import('./list-builtins.ts')).listBuiltins,
    },
    { name: 'help', summary: 'Print the usage.' },
  ],
  usage: `Usage: %P %O probe [COMPONENT] [full] [unprivileged] [macros [prefix PREFIX]]
       %P %O list_builtins GROUP
       %P %O help

       COMPONENT := { kernel | dev NAME }
       GROUP := { prog_types | map_types | attach_types | link_types | helpers }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} }
`,
};

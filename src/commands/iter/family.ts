import type { CommandFamily } from '../../cli/index.ts';

/** `iter`: iterators, pinned as readable files. */
export const iterFamily: CommandFamily = {
  name: 'iter',
  summary: 'Iterators, pinned as readable files.',
  helpIgnoresJson: true,
  docs: async () => (await import('./docs.ts')).iterDocs,
  verbs: [
    { name: 'help', summary: 'Print the usage.' },
    { name: 'pin', summary: 'Pin it as a file.', load: async () => (await import('./pin.ts')).pin },
  ],
  usage: `Usage: %P iter pin OBJ PATH [map MAP]
       %P iter help

       MAP := { id MAP_ID | pinned FILE | name MAP_NAME }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} }
`,
};

import type { CommandFamily } from '../../cli/index.ts';

/** `struct_ops`: struct operations implemented by programs. */
export const structOpsFamily: CommandFamily = {
  name: 'struct_ops',
  summary: 'Struct operations implemented by programs.',
  docs: async () => (await import('./docs.ts')).structOpsDocs,
  verbs: [
    { name: 'show', summary: 'List all of them, or one.', load: async () => (await import('./show.ts')).show },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    {
      name: 'register',
      summary: 'Register the struct operations of an object file.',
      load: async () => (await import('./register.ts')).register,
    },
    {
      name: 'unregister',
      summary: 'Unregister struct operations.',
      load: async () => (await import('./unregister.ts')).unregister,
    },
    { name: 'dump', summary: 'Dump the contents.', load: async () => (await import('./dump.ts')).dump },
    { name: 'help', summary: 'Print the usage.' },
  ],
  usage: `Usage: %P %O { show | list } [STRUCT_OPS_MAP]
       %P %O dump [STRUCT_OPS_MAP]
       %P %O register OBJ [LINK_DIR]
       %P %O unregister STRUCT_OPS_MAP
       %P %O help

       STRUCT_OPS_MAP := [ id STRUCT_OPS_MAP_ID | name STRUCT_OPS_MAP_NAME ]
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} }
`,
};

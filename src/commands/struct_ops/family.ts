import type { CommandFamily } from '../../cli/index.ts';
import { unsupported } from '../shared/unsupported.ts';

/** `struct_ops`: struct operations implemented by programs. */
export const structOpsFamily: CommandFamily = {
  name: 'struct_ops',
  summary: 'Struct operations implemented by programs.',
  verbs: [
    { name: 'show', summary: 'List all of them, or one.', load: unsupported('struct_ops show') },
    { name: 'list', summary: 'The same as show.', load: unsupported('struct_ops list') },
    {
      name: 'register',
      summary: 'Register the struct operations of an object file.',
      load: unsupported('struct_ops register'),
    },
    { name: 'unregister', summary: 'Unregister struct operations.', load: unsupported('struct_ops unregister') },
    { name: 'dump', summary: 'Dump the contents.', load: unsupported('struct_ops dump') },
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

import type { CommandFamily } from '../../cli/index.ts';
import { unsupported } from '../shared/unsupported.ts';

/** `token`: delegation tokens of BPF file systems. */
export const tokenFamily: CommandFamily = {
  name: 'token',
  summary: 'Delegation tokens of BPF file systems.',
  verbs: [
    { name: 'show', summary: 'List all of them, or one.', load: unsupported('token show') },
    { name: 'list', summary: 'The same as show.', load: unsupported('token list') },
    { name: 'help', summary: 'Print the usage.' },
  ],
  usage: `Usage: %P %O { show | list }
       %P %O help
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} }

`,
};

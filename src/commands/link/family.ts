import type { CommandFamily } from '../../cli/index.ts';

/** `link`: attachments of programs, as kernel objects. */
export const linkFamily: CommandFamily = {
  name: 'link',
  summary: 'Attachments of programs, as kernel objects.',
  docs: async () => (await import('./docs.ts')).linkDocs,
  verbs: [
    { name: 'show', summary: 'List all of them, or one.', load: async () => (await import('./show.ts')).show },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    { name: 'help', summary: 'Print the usage.' },
    { name: 'pin', summary: 'Pin it as a file.', load: async () => (await import('./pin.ts')).pin },
    { name: 'detach', summary: 'Detach a program.', load: async () => (await import('./detach.ts')).detach },
  ],
  usage: `Usage: %P %O { show | list }   [LINK]
       %P %O pin        LINK  FILE
       %P %O detach     LINK
       %P %O help

       LINK := { id LINK_ID | pinned FILE }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-f|--bpffs} | {-n|--nomount} }
`,
};

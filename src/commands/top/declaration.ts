// The words and options of `top`, which the reference lacks: one value for parser, help, completion and manual page.
import type { Declaration } from '../../cli/index.ts';

export const topCommand: Declaration = {
  forms: ['[{ programs | maps | links }]'],
  arguments: [
    { name: 'programs', summary: 'What programs cost; the default.' },
    { name: 'maps', summary: 'What maps take, and how full they are.' },
    { name: 'links', summary: 'What is attached where.' },
  ],
  options: [
    { long: 'interval', argument: 'SECONDS', kind: 'number', default: 1, summary: 'Time between two measurements.' },
    {
      long: 'count',
      short: 'n',
      argument: 'N',
      kind: 'integer',
      summary: 'Prints so many tables, one after the other, and ends.',
    },
    { long: 'once', summary: 'Measures for one interval, prints one table and ends.' },
    {
      long: 'sort',
      argument: 'COLUMN',
      summary: 'The column to sort by, as the table names it; -COLUMN turns the order around.',
    },
    {
      long: 'filter',
      argument: 'FIELD=TEXT',
      kind: 'list',
      offers: ['type=', 'name=', 'pid=', 'comm='],
      summary: 'Only rows in which type, name, pid or comm has TEXT; without FIELD, in which any has.',
    },
  ],
  details:
    'On a terminal the table is live; ? lists the keys. Elsewhere, with -n or with --once, tables are printed; with -j each is a line of JSON. ' +
    'The first one has no rates. The kernel measures run times while the program runs, which costs some 38 ns for each run of a BPF program; ' +
    'it ends when the program does, however that happens.',
  examples: [
    { line: 'tsbpftool top --once', summary: 'Prints what programs cost in one second.' },
    { line: 'tsbpftool top maps --once --sort memory', summary: 'Prints the maps, those that take most first.' },
  ],
  load: async () => (await import('./top.ts')).top,
};

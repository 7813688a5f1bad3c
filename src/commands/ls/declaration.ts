// The words and options of `ls`, which the reference lacks: one value for parser, help, completion and manual page.
import type { Declaration } from '../../cli/index.ts';
import { columnsOf, kinds } from './rows.ts';

const everyColumn = [...new Set(Object.values(columnsOf).flatMap((columns) => columns.map(({ name }) => name)))];
const names = (kind: keyof typeof columnsOf) => columnsOf[kind].map(({ name }) => name).join(' ');

export const lsCommand: Declaration = {
  forms: ['[KIND]'],
  arguments: [
    {
      name: 'KIND',
      summary: 'What is listed. Without it programs, maps and links are, with what all of them have.',
      choices: kinds,
    },
  ],
  options: [
    {
      long: 'sort',
      argument: 'COLUMN',
      offers: everyColumn,
      summary: 'The order; -COLUMN is the reverse. Unless it is given, the id, or of pins the path.',
    },
    {
      long: 'where',
      argument: 'COLUMN=PATTERN',
      kind: 'list',
      offers: everyColumn.map((name) => `${name}=`),
      summary:
        'Only what matches: * and ? in a pattern stand for any text and any character; != for what does not match; <, <=, > ' +
        'and >= compare numbers, and how many holders, pins or places there are. All that are given must match.',
    },
    {
      long: 'columns',
      argument: 'COLUMN',
      kind: 'list',
      offers: ['all', ...everyColumn],
      summary: 'These columns in this order; all stands for all there are.',
    },
  ],
  details:
    'At a terminal the table is no wider than the terminal; elsewhere values are parted by tabs, below a line with the names of the ' +
    'columns, and not shortened; with -j each object is a line of JSON. Columns: ' +
    `${['all' as const, ...kinds].map((kind) => `${kind === 'all' ? 'without KIND' : kind}: ${names(kind)}`).join('; ')}. ` +
    'per_call and runs are known while the kernel measures (sysctl kernel.bpf_stats_enabled=1).',
  examples: [
    { line: 'tsbpftool ls', summary: 'Lists programs, maps and links.' },
    { line: 'tsbpftool ls maps --sort -memory', summary: 'Maps, those that take the most memory first.' },
    { line: "tsbpftool ls progs --where 'type=xdp,name=foo*'", summary: 'XDP programs whose names begin with foo.' },
    {
      line: 'tsbpftool ls progs --columns id,name,loaded,tag | cut -f2',
      summary: 'The names alone, for another program.',
    },
  ],
  load: async () => (await import('./ls.ts')).ls,
};

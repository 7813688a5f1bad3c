// The words and options of `graph`, which the reference lacks: one value for parser, help, completion and manual page.
import type { Declaration } from '../../cli/index.ts';
import { objectDefinition, snapshotOption } from '../shared/inventory-options.ts';

export const graphCommand: Declaration = {
  forms: ['[OBJECT]'],
  definitions: { OBJECT: objectDefinition },
  arguments: [{ name: 'OBJECT', summary: 'Only what this is connected to by what it uses and what uses it' }],
  options: [
    {
      long: 'format',
      argument: 'FORMAT',
      choices: ['dot', 'mermaid', 'svg', 'html', 'json'],
      default: 'dot',
      summary: 'dot is for Graphviz; html is one file with search and details that loads nothing else.',
    },
    snapshotOption,
  ],
  details:
    'Draws four layers: processes; links, pins and places where programs are attached; programs; maps. Edges go from what keeps something ' +
    'to what is kept, tail calls and inner maps among them.',
  examples: [
    { line: 'tsbpftool graph --format html > bpf.html', summary: 'Makes a page of all that is loaded.' },
    {
      line: 'tsbpftool graph --format dot map name config',
      summary: 'Draws what is around the map config, for Graphviz.',
    },
  ],
  load: async () => (await import('./graph.ts')).graph,
};

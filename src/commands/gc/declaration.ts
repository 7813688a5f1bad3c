// The words and options of `gc`, which the reference lacks: one value for parser, help, completion and manual page.
import type { Declaration } from '../../cli/index.ts';

export const gcCommand: Declaration = {
  forms: ['[FILE...]'],
  arguments: [{ name: 'FILE', summary: 'Pins to remove, which must be among those that it lists.' }],
  options: [
    { long: 'dry-run', summary: 'Lists what would be removed, and removes nothing.' },
    { long: 'all', summary: 'Removes every pin that it lists.' },
  ],
  details:
    'Lists pins that are the only thing that keeps a program that runs nowhere, a map that no program and no process uses, or a link whose ' +
    'device, group or namespace is gone. Without --all or a FILE nothing is removed. Only pins that this process sees are removed.',
  examples: [{ line: 'tsbpftool gc --dry-run', summary: 'Lists what nobody uses.' }],
  load: async () => (await import('./gc.ts')).gc,
};

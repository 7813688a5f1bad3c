// The words and options of `watch`, which the reference lacks: one value for parser, help, completion and manual page.
import type { Declaration } from '../../cli/index.ts';

export const watchCommand: Declaration = {
  forms: [''],
  options: [
    {
      long: 'interval',
      argument: 'SECONDS',
      kind: 'number',
      default: 1,
      summary: 'Time between two looks at maps, links and attachments.',
    },
    { long: 'duration', argument: 'SECONDS', kind: 'number', summary: 'Ends after so long.' },
    {
      long: 'allow',
      argument: 'FILE',
      summary: 'Tells only what is not on a list; the exit status is 1 where there was something.',
    },
  ],
  details:
    'Programs are reported as the kernel loads and frees them, those that live for microseconds among them; it takes no BPF program, but ' +
    'CAP_PERFMON. Maps, links and attachments are reported by what is there at each look. What the kernel could not deliver is counted as lost. ' +
    'With -j each line is an object. The list has a line for each object that is allowed, as the program prints it: `prog TYPE NAME TAG`, ' +
    '`map TYPE NAME`, `link TYPE HOOK TARGET`, with * for any text, and comments after #. What is loaded already is looked at first.',
  examples: [{ line: 'tsbpftool watch --duration 2', summary: 'Tells what comes and goes in two seconds.' }],
  load: async () => (await import('./watch.ts')).watch,
};

// The words and options of `why`, which the reference lacks: one value for parser, help, completion and manual page.
import type { Declaration } from '../../cli/index.ts';
import { objectDefinition, snapshotOption } from '../shared/inventory-options.ts';

export const whyCommand: Declaration = {
  forms: ['OBJECT'],
  definitions: { OBJECT: objectDefinition },
  arguments: [{ name: 'OBJECT', summary: 'The object, which need not be loaded by anybody who still runs' }],
  options: [snapshotOption],
  details:
    "Lists every reference that keeps the object, and how to end it, and compares their number with the kernel's own count, which a small " +
    'program reads (since 5.8, with CAP_PERFMON). Pins in other mount namespaces and attachments in other network namespaces count. The ' +
    'exit status is 1 where some references are not explained.',
  examples: [{ line: 'tsbpftool why map name config', summary: 'Says what keeps the map config.' }],
  load: async () => (await import('./why.ts')).why,
};

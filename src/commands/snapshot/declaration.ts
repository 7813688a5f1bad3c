// The words and options of `snapshot`, which the reference lacks: one value for parser, help, completion and manual
// page.
import type { Declaration } from '../../cli/index.ts';

export const snapshotCommand: Declaration = {
  forms: ['[FILE]'],
  arguments: [{ name: 'FILE', summary: 'Where it goes; - is standard output.', default: 'standard output' }],
  options: [{ long: 'maps', argument: 'NAME', kind: 'list', summary: 'Keeps the elements of maps of that name, too.' }],
  details:
    'Writes one JSON document of all that is loaded: programs, maps, links, BTF objects, pins, processes and attachments, in all mount and ' +
    'network namespaces. A file is complete or not there. `diff` compares two of them, and `graph`, `why` and `metrics` take one in ' +
    'the place of the kernel.',
  examples: [
    { line: 'tsbpftool snapshot before.json', summary: 'Keeps what is loaded now.' },
    { line: 'tsbpftool snapshot --maps config config.json', summary: 'Keeps the elements of the map config as well.' },
  ],
  load: async () => (await import('./snapshot.ts')).snapshot,
};

export const diffCommand: Declaration = {
  forms: ['BEFORE [AFTER]'],
  arguments: [
    { name: 'BEFORE', summary: 'What `snapshot` wrote.' },
    { name: 'AFTER', summary: 'What it wrote later.', default: 'the running kernel' },
  ],
  details:
    'Tells what was added, what was removed and what changed. Objects are the same by where they are pinned, by name, tag and attachment, not ' +
    'by id, so that two starts of the machine can be compared. The exit status is 1 where they differ.',
  examples: [{ line: 'tsbpftool diff before.json', summary: 'Tells what changed since then.' }],
  load: async () => (await import('./diff.ts')).diff,
};

// The verbs of `map` that the reference lacks: one value each for parser, help, completion and manual page.
import type { Argument, Declaration } from '../../cli/index.ts';
import { strict } from './strict.ts';
import { typeOptions } from './view-options.ts';

const map: Argument = { name: 'MAP', summary: 'The map, by its id, its name, or a path at which it is pinned.' };

export const schemaVerb: Declaration = {
  forms: ['MAP'],
  arguments: [map],
  options: [strict],
  details:
    'Elements are objects with key and value, decoded as the BTF of the map says; what cannot be decoded without loss is ' +
    'key_hex and value_hex, its bytes in hexadecimal.',
  examples: [
    {
      line: 'tsbpftool map schema name config > config.schema.json',
      summary: 'Keeps what `map import` accepts for the map config.',
    },
  ],
  load: async () => (await import('./schema.ts')).schema,
};

export const exportVerb: Declaration = {
  forms: ['MAP [FILE]'],
  arguments: [map, { name: 'FILE', summary: 'Where the lines go; - is standard output.', default: 'standard output' }],
  details:
    'Each line is an object with key and value, decoded as the BTF of the map says, or key_hex and value_hex. A file is ' +
    'complete or not there: it appears under its name when all is written.',
  examples: [
    { line: 'tsbpftool map export name config config.ndjson', summary: 'Keeps all elements of the map config.' },
    {
      line: "tsbpftool map export name config | jq -c 'select(.value.enabled)'",
      summary: 'Prints the elements whose value has the member enabled set.',
    },
  ],
  options: typeOptions,
  load: async () => (await import('./export.ts')).exportMap,
};

export const importVerb: Declaration = {
  forms: ['MAP [FILE]'],
  arguments: [
    map,
    {
      name: 'FILE',
      summary: 'The lines, as `map export` writes them; - is standard input.',
      default: 'standard input',
    },
  ],
  options: [
    strict,
    ...typeOptions,
    { long: 'keep-going', summary: 'Passes over bad lines; the exit status then tells that there were some.' },
  ],
  details: 'What stands before a bad line is in the map when the line is reported.',
  examples: [
    {
      line: 'tsbpftool map import name config config.ndjson',
      summary: 'Sets the elements that a file holds; others stay as they are.',
    },
  ],
  load: async () => (await import('./import.ts')).importMap,
};

export const eventsVerb: Declaration = {
  forms: ['MAP'],
  arguments: [{ name: 'MAP', summary: 'A ring buffer or a perf event array.' }],
  options: [
    {
      long: 'type',
      argument: 'TYPE_NAME',
      summary: "Decodes events by this type instead of that of the map's values.",
    },
    { long: 'btf', argument: 'FILE', summary: 'Takes the type from the BTF of a file.' },
    { long: 'count', argument: 'N', kind: 'integer', summary: 'Ends after so many events.' },
    { long: 'timeout', argument: 'SECONDS', kind: 'integer', summary: 'Ends after so long.' },
  ],
  details:
    'Reading takes events from their owner: one that is printed does not reach the program that made the buffer. Events that had no ' +
    'room are counted as lost. Without a type, and where an event is shorter than it, its bytes are printed in hexadecimal.',
  examples: [
    {
      line: 'tsbpftool -j map events name events --count 10',
      summary: 'Prints ten events, each as an object on a line of its own.',
    },
  ],
  load: async () => (await import('./events.ts')).events,
};

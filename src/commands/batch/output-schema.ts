// JSON Schemas of what `batch` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anything,
  cutShort,
  list,
  type OutputSchemas,
  outputOf,
  record,
  reference,
  text,
} from '../shared/json-schema.ts';

const command = record(
  'A command of the batch.',
  {
    command: list('Its words', text('A word'), { min: 1 }),
    output: anything('What it printed: a document of that command; null if it printed none'),
  },
  { error: text('A failure after it had printed that; only of the last command') },
);

export const batchSchemas: OutputSchemas = outputOf(
  'batch',
  'The commands of a file with what each printed, up to the first that failed; that one is the last.',
  list('Commands in order', reference('command')),
  {
    failures: [list('Commands up to one that failed', reference('command')), cutShort(reference('command'))],
    definitions: { command },
  },
);

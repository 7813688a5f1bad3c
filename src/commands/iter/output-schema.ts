// JSON Schemas of what `iter` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import { type OutputSchemas, silenceOf } from '../shared/json-schema.ts';

export const iterSchemas: OutputSchemas = {
  ...silenceOf('iter help', 'The usage text goes to standard error, in JSON too.'),
  ...silenceOf('iter pin', 'Loads an iterator and pins it as a file.'),
};

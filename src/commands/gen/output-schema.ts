import { type OutputSchemas, silenceOf } from '../shared/json-schema.ts';

export const genSchemas: OutputSchemas = {
  ...silenceOf('gen skeleton', 'C is printed, with -j too; inside the document of a batch it is a string.'),
  ...silenceOf('gen subskeleton', 'C is printed, with -j too; inside the document of a batch it is a string.'),
};

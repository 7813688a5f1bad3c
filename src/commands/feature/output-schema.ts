import { list, nullOf, type OutputSchemas, outputOf, text } from '../shared/json-schema.ts';

export const featureSchemas: OutputSchemas = {
  ...outputOf(
    'feature list_builtins',
    'The names this program knows, whatever the running kernel does.',
    list('Names in the order of their numbers', text('A name', '^[a-z0-9_]+$'), { min: 1 }),
  ),
  ...nullOf(['feature help'], 'The usage text is not printed as JSON.'),
};

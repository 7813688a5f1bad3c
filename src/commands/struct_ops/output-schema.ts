// JSON Schemas of what `struct_ops` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anything,
  cutShort,
  list,
  nullOf,
  type OutputSchemas,
  outputOf,
  record,
  reference,
  text,
  u32,
} from '../shared/json-schema.ts';

const structOps = record('A map of struct operations.', {
  id: u32('Id of the map'),
  name: text('Name of the map'),
  kernel_struct_ops: text("Name of the kernel's struct that it implements"),
});

/** Named by the kernel's types, whatever they are. */
const dumped = {
  description:
    "What the kernel says of a map (bpf_map_info), or its value, by the kernel's own types; the two follow each other.",
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: anything('The struct, members by name'),
} as const;

const show = (verb: string): OutputSchemas =>
  outputOf(`struct_ops ${verb}`, 'All struct operations, or those asked for.', list('Maps', reference('structOps')), {
    failures: [list('Maps', reference('structOps')), cutShort(reference('structOps'))],
    definitions: { structOps },
  });

export const structOpsSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...outputOf(
    'struct_ops dump',
    'Contents of all struct operations, or of those asked for.',
    list('Maps', reference('dumped')),
    {
      failures: [list('Maps', reference('dumped')), cutShort(reference('dumped'))],
      definitions: { dumped },
    },
  ),
  ...nullOf(['struct_ops register'], 'Registers the struct operations of an object file.'),
  ...nullOf(['struct_ops unregister'], 'Unregisters struct operations.'),
};

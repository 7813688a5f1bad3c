// Gathers the schemas that lie beside the verbs they describe.
import { batchSchemas } from '../batch/output-schema.ts';
import { btfSchemas } from '../btf/output-schema.ts';
import { cgroupSchemas } from '../cgroup/output-schema.ts';
import { featureSchemas } from '../feature/output-schema.ts';
import { genSchemas } from '../gen/output-schema.ts';
import { iterSchemas } from '../iter/output-schema.ts';
import { linkSchemas } from '../link/output-schema.ts';
import { lsSchemas } from '../ls/output-schema.ts';
import { mapSchemas } from '../map/output-schema.ts';
import { netSchemas } from '../net/output-schema.ts';
import { perfSchemas } from '../perf/output-schema.ts';
import { progSchemas } from '../prog/output-schema.ts';
import { type JsonSchema, nullOf, type OutputSchemas, outputOf, reference } from '../shared/json-schema.ts';
import { inventorySchemas } from '../snapshot/output-schema.ts';
import { structOpsSchemas } from '../struct_ops/output-schema.ts';
import { tokenSchemas } from '../token/output-schema.ts';
import { traceSchemas } from '../trace/output-schema.ts';
import { versionSchemas } from '../version/output-schema.ts';

const general: OutputSchemas = {
  ...outputOf('error', 'What any command prints when it fails before it has printed anything.', reference('error')),
  ...nullOf(['help', 'gen help', 'struct_ops help'], 'The usage text is not printed as JSON.'),
};

/** Command (`map show`) → the JSON Schema (draft 2020-12) of what it prints with `-j` and `-p`; `error` is that of failures. */
export const outputSchemas: OutputSchemas = {
  ...general,
  ...batchSchemas,
  ...progSchemas,
  ...mapSchemas,
  ...linkSchemas,
  ...lsSchemas,
  ...cgroupSchemas,
  ...netSchemas,
  ...perfSchemas,
  ...featureSchemas,
  ...btfSchemas,
  ...genSchemas,
  ...iterSchemas,
  ...inventorySchemas,
  ...structOpsSchemas,
  ...tokenSchemas,
  ...traceSchemas,
  ...versionSchemas,
};

/**
 * The JSON Schema (draft 2020-12) of what `object verb` prints with `-j` and `-p`, by their whole names; `batch`, `version`,
 * `help` and `error` have no verb. `#/$defs/output` inside is what success prints, `#/$defs/failure` what goes with an exit
 * status other than 0. Undefined for commands that are not there. The result is shared: change a copy.
 */
export function outputSchema(object: string, verb?: string): JsonSchema | undefined {
  const command = verb === undefined ? object : `${object} ${verb}`;
  return Object.hasOwn(outputSchemas, command) ? outputSchemas[command] : undefined;
}

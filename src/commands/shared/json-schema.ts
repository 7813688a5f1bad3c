// The words the schemas of the commands' JSON are written in. Every one yields plain data (JSON Schema, draft 2020-12).
import type { JsonSchema } from '../../btf/index.ts';

export type { JsonSchema };
/** Command (`map show`) → the schema of what it prints with `-j` or `-p`. */
export type OutputSchemas = Readonly<Record<string, JsonSchema>>;

const most32 = 0xffff_ffff;

/** Any value: what is in it, BTF or another command decides. */
export const anything = (description: string): JsonSchema => ({ description });
export const text = (description: string, pattern?: string): JsonSchema => ({
  description,
  type: 'string',
  ...(pattern === undefined ? {} : { pattern }),
});
export const flag = (description: string): JsonSchema => ({ description, type: 'boolean' });
export const u32 = (description: string): JsonSchema => ({
  description,
  type: 'integer',
  minimum: 0,
  maximum: most32,
});
export const i32 = (description: string): JsonSchema => ({
  description,
  type: 'integer',
  minimum: -0x8000_0000,
  maximum: 0x7fff_ffff,
});
/** Printed in full; a reader that keeps numbers as doubles rounds it beyond 2^53. */
export const u64 = (description: string): JsonSchema => ({
  description: `${description} (64 bits)`,
  type: 'integer',
  minimum: 0,
});
export const oneOf = (description: string, values: readonly (string | number)[]): JsonSchema => ({
  description,
  enum: values,
});
/** A kernel constant: its name, or its number where the program has no name for it. Newer kernels add names. */
export const nameOrNumber = (description: string): JsonSchema => ({
  description: `${description}; a number if it has no name`,
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'integer', minimum: 0, maximum: most32 },
  ],
});
export const list = (
  description: string,
  items: JsonSchema,
  length: { min?: number; max?: number } = {},
): JsonSchema => ({
  description,
  type: 'array',
  items,
  ...(length.min === undefined ? {} : { minItems: length.min }),
  ...(length.max === undefined ? {} : { maxItems: length.max }),
});
/** Bytes as `["0x2a", …]`. */
export const bytes = (description: string, length?: number): JsonSchema =>
  list(
    description,
    { type: 'string', pattern: '^0x[0-9a-f]{2}$' },
    length === undefined ? {} : { min: length, max: length },
  );

type Properties = Readonly<Record<string, JsonSchema>>;

/** A closed object: the members it always has, those it may have, and those that only come together. */
export function record(
  description: string,
  required: Properties,
  optional: Properties = {},
  together: Readonly<Record<string, readonly string[]>> = {},
): JsonSchema {
  return {
    description,
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    ...(Object.keys(together).length === 0 ? {} : { dependentRequired: together }),
    additionalProperties: false,
  };
}

export const anyOf = (...forms: readonly JsonSchema[]): JsonSchema =>
  forms.length === 1 ? forms[0]! : { anyOf: forms };
/** One of the `definitions` of the schema it stands in. */
export const reference = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });

const errorRecord = record('A failure.', { error: text('What failed and why, as the plain output says it.') });
const usageOrNothing: JsonSchema = {
  description: 'The usage text would stand here in plain output, or there is nothing to print.',
  type: 'null',
};

/** A list that an error cut short or stands in: some records and one or more `error` objects. */
export const cutShort = (item: JsonSchema, error: JsonSchema = reference('error')): JsonSchema => ({
  description: 'A list with an error in the place of what could not be had.',
  type: 'array',
  items: anyOf(item, error),
  contains: error,
});

/**
 * The schema of a command: `#/$defs/output` is what it prints when it succeeds, `#/$defs/failure` what it prints when its
 * exit status is not 0. A command that fails without a document prints only a newline.
 */
export function outputOf(
  command: string,
  description: string,
  output: JsonSchema,
  more: { failures?: readonly JsonSchema[]; definitions?: Properties } = {},
): OutputSchemas {
  return {
    [command]: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:tsbpftool:output:${command.replaceAll(' ', ':')}`,
      title: `Output of ${command}`,
      description,
      anyOf: [reference('output'), reference('failure')],
      $defs: {
        output,
        failure: anyOf(reference('error'), usageOrNothing, ...(more.failures ?? [])),
        error: errorRecord,
        ...more.definitions,
      },
    },
  };
}

/** The schemas of commands that print `null` when they succeed. */
export function nullOf(commands: readonly string[], description: string): OutputSchemas {
  const schemas = commands.map((command) =>
    outputOf(command, description, { description: 'It has been done.', type: 'null' }),
  );
  return Object.assign({}, ...schemas) as OutputSchemas;
}

/** The schema of a command that prints no document when it succeeds. */
export function silenceOf(command: string, description: string): OutputSchemas {
  return outputOf(command, description, { description: 'Nothing but a newline is printed.', not: {} });
}

/** Processes that hold an object. Only where there are any; this program finds them everywhere. */
export const holdersMember: Properties = {
  pids: list(
    'Processes that hold a descriptor of it',
    record('A process.', { pid: i32('Process id'), comm: text('Name of the process, up to 15 bytes') }),
    { min: 1 },
  ),
};
export const pinnedMember: Properties = {
  pinned: list('Paths where it is pinned; only with --bpffs', { type: 'string' }),
};
export const deviceMember: Properties = {
  dev: record(
    'The device it is offloaded to.',
    {
      ifindex: u32('Index of the network device'),
      ns_dev: u64('Device number of the network namespace file'),
      ns_inode: u64('Inode of the network namespace file'),
    },
    { ifname: text('Name of the device; only from within its namespace') },
  ),
};

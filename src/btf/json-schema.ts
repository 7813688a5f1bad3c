import type { Btf } from './parse.ts';
import { typeText } from './type-text.ts';
import { type FieldLayout, type ValueLayout, valueLayout } from './value-layout.ts';

/** A JSON Schema (draft 2020-12) as a plain object. */
export type JsonSchema = { [key: string]: unknown };

/** What a JSON Schema asks for beyond the types. */
export interface JsonSchemaOptions {
  /** Every member of a struct must be given. */
  readonly strict?: boolean;
}

/** The schema of what `compileValueEncoder` accepts for a type, as JSON: integers also as strings, for 64 bits and hex. */
export function jsonSchemaFor(btf: Btf, typeId: number, options: JsonSchemaOptions = {}): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: typeText(btf, typeId),
    ...schemaOf(valueLayout(btf, typeId), options),
  };
}

const floatText = '^\\s*([-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?|NaN|-?Infinity)\\s*$';
const integerText = '^\\s*[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|[0-9]+)\\s*$';

function integer({ bits, signed }: { bits: number; signed: boolean }): JsonSchema {
  const minimum = signed ? -(2 ** (bits - 1)) : 0;
  const most = 2 ** (signed ? bits - 1 : bits);
  const range = most > Number.MAX_SAFE_INTEGER ? {} : { minimum, maximum: most - 1 };
  return {
    anyOf: [
      { type: 'integer', ...range },
      { type: 'string', pattern: integerText },
    ],
  };
}

function schemaOf(layout: ValueLayout, options: JsonSchemaOptions, bitSize = 0): JsonSchema {
  switch (layout.kind) {
    case 'int':
      return integer({ bits: bitSize || layout.bits, signed: layout.signed });
    case 'bool':
      return { anyOf: [{ type: 'boolean' }, { enum: [0, 1] }] };
    case 'float':
      // What is no JSON number (`NaN`, `-Infinity`) is a string.
      return { anyOf: [{ type: 'number' }, { type: 'string', pattern: floatText }] };
    case 'enum':
      return {
        anyOf: [{ enum: [...layout.names.keys()] }, integer({ bits: bitSize || layout.bits, signed: layout.signed })],
      };
    case 'array': {
      const list = { type: 'array', items: schemaOf(layout.element, options), maxItems: layout.length };
      return layout.isText ? { anyOf: [{ type: 'string', maxLength: layout.length }, list] } : list;
    }
    default:
      return object(layout, options);
  }
}

function object(layout: ValueLayout & { kind: 'struct' | 'union' }, options: JsonSchemaOptions): JsonSchema {
  const properties = propertiesOf(layout.fields, options);
  const required = options.strict && layout.kind === 'struct' ? requiredOf(layout.fields) : [];
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function propertiesOf(fields: readonly FieldLayout[], options: JsonSchemaOptions): JsonSchema {
  const found: [string, unknown][] = [];
  for (const field of fields) {
    if (field.name !== '') found.push([field.name, schemaOf(field.layout, options, field.bitSize)]);
    else if (field.layout.kind === 'struct' || field.layout.kind === 'union') {
      found.push(...Object.entries(propertiesOf(field.layout.fields, options)));
    }
  }
  return Object.fromEntries(found);
}

/** Names of all members, those of anonymous structs among them; of an anonymous union none is needed. */
function requiredOf(fields: readonly FieldLayout[]): string[] {
  return fields.flatMap(({ name, layout }) => {
    if (name !== '') return [name];
    return layout.kind === 'struct' ? requiredOf(layout.fields) : [];
  });
}

import type { Btf } from './parse.ts';
import { typeText } from './type-text.ts';
import { type FieldLayout, type ValueLayout, valueLayout } from './value-layout.ts';

/** A JSON Schema (draft 2020-12) as a plain object. */
export type JsonSchema = { [key: string]: unknown };

/** The schema of what `compileValueEncoder` accepts for a type, as JSON: integers also as strings, for 64 bits and hex. */
export function jsonSchemaFor(btf: Btf, typeId: number): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: typeText(btf, typeId),
    ...schemaOf(valueLayout(btf, typeId)),
  };
}

const integerText = '^\\s*[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|[0-9]+)\\s*$';

function integer(bits: number, signed: boolean): JsonSchema {
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

function schemaOf(layout: ValueLayout, bitSize = 0): JsonSchema {
  switch (layout.kind) {
    case 'int':
      return integer(bitSize || layout.bits, layout.signed);
    case 'bool':
      return { anyOf: [{ type: 'boolean' }, { enum: [0, 1] }] };
    case 'float':
      return { type: 'number' };
    case 'enum':
      return { anyOf: [{ enum: [...layout.names.keys()] }, integer(bitSize || layout.bits, layout.signed)] };
    case 'array': {
      const list = { type: 'array', items: schemaOf(layout.element), maxItems: layout.length };
      return layout.isText ? { anyOf: [{ type: 'string', maxLength: layout.length }, list] } : list;
    }
    default:
      return { type: 'object', properties: properties(layout.fields), additionalProperties: false };
  }
}

function properties(fields: readonly FieldLayout[]): JsonSchema {
  const found: [string, unknown][] = [];
  for (const field of fields) {
    if (field.name !== '') found.push([field.name, schemaOf(field.layout, field.bitSize)]);
    else if (field.layout.kind === 'struct' || field.layout.kind === 'union') {
      found.push(...Object.entries(properties(field.layout.fields)));
    }
  }
  return Object.fromEntries(found);
}

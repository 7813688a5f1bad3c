import type { Btf } from './parse.ts';

/** Short C text of a type for messages: `char[12]`, `struct key`, `unsigned int *`. */
export function typeText(btf: Btf, id: number, depth = 0): string {
  const type = btf.typeById(id);
  // No declaration nests that deep; a damaged BTF may.
  if (type === undefined || depth > 32) return '?';
  switch (type.kind) {
    case 'struct':
    case 'union':
      return type.name === '' ? type.kind : `${type.kind} ${type.name}`;
    case 'enum':
    case 'enum64':
      return type.name === '' ? 'enum' : `enum ${type.name}`;
    case 'fwd':
      return `${type.isUnion ? 'union' : 'struct'} ${type.name}`;
    case 'array':
      return `${typeText(btf, type.elementTypeId, depth + 1)}[${type.length}]`;
    case 'ptr':
      return `${typeText(btf, type.typeId, depth + 1)} *`;
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'type_tag':
      // Modifiers say nothing about what fits.
      return typeText(btf, type.typeId, depth + 1);
    case 'func_proto':
      return 'function';
    default:
      return type.name;
  }
}

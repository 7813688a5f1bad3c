import { type Btf, type BtfType, typeText } from '../../btf/index.ts';
import type { ObjectDescription } from './describe.ts';

/** A description as JSON: 64-bit numbers are text, types that the object lacks are left out. */
export function descriptionJson(description: ObjectDescription, btf: Btf | undefined): Record<string, unknown> {
  return {
    ...description,
    maps: description.maps.map((map) => ({ ...map })),
    types: btf === undefined ? [] : description.types.map((type) => typeJson(btf, type)),
  };
}

function typeJson(btf: Btf, type: BtfType): Record<string, unknown> {
  const { id, kind, name } = type;
  switch (type.kind) {
    case 'int': {
      const { size, bits, signed, char, bool } = type;
      return { id, kind, name, size, bits, signed, char, bool };
    }
    case 'float':
      return { id, kind, name, size: type.size };
    case 'array':
      return { id, kind, elementType: type.elementTypeId, length: type.length };
    case 'struct':
    case 'union': {
      const members = type.members.map((member) => ({
        name: member.name,
        type: member.typeId,
        bitOffset: member.bitOffset,
        bitSize: member.bitSize,
      }));
      return { id, kind, name, size: type.size, members };
    }
    case 'enum':
    case 'enum64': {
      const values = type.values.map((value) => ({ name: value.name, value: String(value.value) }));
      return { id, kind, name, size: type.size, signed: type.signed, values };
    }
    case 'typedef':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'type_tag':
    case 'var':
      return { id, kind, name, type: type.typeId };
    case 'datasec': {
      const variables = type.vars.map(({ typeId, offset, size }) => ({ type: typeId, offset, size }));
      return { id, kind, name, size: type.size, variables };
    }
    // Pointers, functions and forward declarations: their text says all.
    default:
      return { id, kind, text: typeText(btf, id) };
  }
}

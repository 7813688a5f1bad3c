import { ParseError } from '../errors/index.ts';
import type { Btf } from './parse.ts';
import type { BtfType } from './types.ts';

/**
 * What is wrong with the first type whose strings or references lead nowhere, or undefined where all are sound.
 * Decodes every own type. Source: btf_sanity_check of libbpf.
 */
export function findInvalidType(btf: Btf): string | undefined {
  for (let id = btf.firstId; id <= btf.typeCount; id++) {
    try {
      const problem = problemOf(btf, btf.mustType(id));
      if (problem !== undefined) return `btf: type [${id}]: ${problem}`;
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      return `btf: type [${id}]: invalid type name (${error.message})`;
    }
  }
  return undefined;
}

function problemOf(btf: Btf, type: BtfType): string | undefined {
  const missing = type.kind === 'int' || type.kind === 'enum' ? undefined : firstAbove(type, btf.typeCount);
  if (missing !== undefined) return `invalid referenced type ID ${missing}`;
  if (type.kind === 'func' && btf.typeById(type.typeId)?.kind !== 'func_proto') {
    return `referenced type [${type.typeId}] is not FUNC_PROTO`;
  }
  return undefined;
}

/** The first reference above `limit`, without building a list for the commonest kinds. */
function firstAbove(type: BtfType, limit: number): number | undefined {
  if (type.kind === 'struct' || type.kind === 'union') {
    for (const member of type.members) if (member.typeId > limit) return member.typeId;
    return undefined;
  }
  if ('typeId' in type) return type.typeId > limit ? type.typeId : undefined;
  return references(type).find((id) => id > limit);
}

/** Ids of the types a type refers to, in the order of its record. */
export function references(type: BtfType): number[] {
  switch (type.kind) {
    case 'array':
      return [type.elementTypeId, type.indexTypeId];
    case 'struct':
    case 'union':
      return type.members.map((member) => member.typeId);
    case 'func_proto':
      return [...type.params.map((param) => param.typeId), type.returnTypeId];
    case 'datasec':
      return type.vars.map((variable) => variable.typeId);
    default:
      return 'typeId' in type ? [type.typeId] : [];
  }
}

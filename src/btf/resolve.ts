import { ParseError } from '../errors/index.ts';
import type { Btf } from './parse.ts';
import type { BtfType } from './types.ts';

const maxDepth = 32;
const maxU32 = 0xffff_ffff;

/** True for the kinds that only qualify another type: const, volatile, restrict, type tag. */
export function isModifier(type: BtfType): boolean {
  return type.kind === 'const' || type.kind === 'volatile' || type.kind === 'restrict' || type.kind === 'type_tag';
}

/**
 * The type behind typedefs, qualifiers, type tags and variables, or undefined where the chain is longer than 32,
 * broken, or ends in void. Source: btf__resolve_type of libbpf.
 */
export function tryResolve(btf: Btf, id: number): BtfType | undefined {
  let type = btf.typeById(id);
  for (let depth = 0; depth < maxDepth; depth++) {
    if (type === undefined || type.kind === 'void') return undefined;
    if (!isModifier(type) && type.kind !== 'typedef' && type.kind !== 'var') return type;
    type = btf.typeById((type as { typeId: number }).typeId);
  }
  return undefined;
}

/** As `tryResolve`; throws ParseError instead of returning undefined. */
export function resolve(btf: Btf, id: number): BtfType {
  const type = tryResolve(btf, id);
  if (type === undefined) throw new ParseError('BTF', 0, `type ${id} stands for no concrete type`);
  return type;
}

/** Bytes of a pointer in the programs this BTF describes: always 8 for BPF and for the 64-bit kernels that have it. */
export const pointerSize = 8;

/** Size of a type in bytes, or undefined where it has none or it exceeds 32 bits. Source: btf__resolve_size of libbpf. */
export function trySizeOf(btf: Btf, id: number): number | undefined {
  let count = 1;
  let type = btf.typeById(id);
  for (let depth = 0; depth < maxDepth; depth++) {
    switch (type?.kind) {
      case 'int':
      case 'struct':
      case 'union':
      case 'enum':
      case 'enum64':
      case 'datasec':
      case 'float':
        return type.size * count > maxU32 ? undefined : type.size * count;
      case 'ptr':
        return pointerSize * count > maxU32 ? undefined : pointerSize * count;
      case 'typedef':
      case 'volatile':
      case 'const':
      case 'restrict':
      case 'var':
      case 'decl_tag':
      case 'type_tag':
        type = btf.typeById(type.typeId);
        break;
      case 'array':
        count *= type.length;
        if (count > maxU32) return undefined;
        type = btf.typeById(type.elementTypeId);
        break;
      default:
        return undefined;
    }
  }
  return undefined;
}

/** Size of a type in bytes. Throws ParseError for what has no size: void, functions, forward declarations, cycles. */
export function sizeOf(btf: Btf, id: number): number {
  const size = trySizeOf(btf, id);
  if (size === undefined) throw new ParseError('BTF', 0, `type ${id} has no size`);
  return size;
}

/** Natural alignment of a type in bytes, 0 where it has none. Source: btf__align_of of libbpf. */
export function alignOf(btf: Btf, id: number, depth = 0): number {
  const type = btf.typeById(id);
  if (type === undefined || depth > maxDepth) return 0;
  switch (type.kind) {
    case 'int':
    case 'enum':
    case 'enum64':
    case 'float':
      return Math.min(pointerSize, type.size);
    case 'ptr':
      return pointerSize;
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
    case 'type_tag':
      return alignOf(btf, type.typeId, depth + 1);
    case 'array':
      return alignOf(btf, type.elementTypeId, depth + 1);
    case 'struct':
    case 'union': {
      let most = 1;
      for (const member of type.members) {
        const align = alignOf(btf, member.typeId, depth + 1);
        if (align <= 0) return align;
        most = Math.max(most, align);
        // A member away from its alignment means that the whole is packed.
        if (member.bitSize === 0 && member.bitOffset % (8 * align) !== 0) return 1;
      }
      return type.size % most !== 0 ? 1 : most;
    }
    default:
      return 0;
  }
}

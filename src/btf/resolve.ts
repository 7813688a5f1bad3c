import { ParseError } from '../errors/index.ts';
import type { Btf } from './parse.ts';
import { alignmentOf, sizeOfType } from './type-layout.ts';
import type { BtfType } from './types.ts';

const maxDepth = 32;

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

/** Size of a type in bytes, or undefined where it has none or it exceeds 32 bits. Source: btf__resolve_size of libbpf. */
export function trySizeOf(btf: Btf, id: number): number | undefined {
  return sizeOfType(btf.records, id);
}

/** Size of a type in bytes. Throws ParseError for what has no size: void, functions, forward declarations, cycles. */
export function sizeOf(btf: Btf, id: number): number {
  const size = trySizeOf(btf, id);
  if (size === undefined) throw new ParseError('BTF', 0, `type ${id} has no size`);
  return size;
}

/** Natural alignment of a type in bytes, 0 where it has none. Source: btf__align_of of libbpf. */
export function alignOf(btf: Btf, id: number): number {
  return alignmentOf(btf.records, id);
}

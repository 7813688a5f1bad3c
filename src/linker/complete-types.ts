import { Kind } from '../btf/index.ts';
import type { LinkedTypes } from './linked-types.ts';
import { countAt, kindAt, sizeOrTypeOf, type TypeRecords } from './type-records.ts';

const globalLinkage = 1;
const parameterWords = 2;

/**
 * Makes the type of an extern that of a definition: its linkage, and the names of parameters, which externs lack. Both are of
 * one kind and shape. Source: complete_extern_btf_info of libbpf.
 */
export function completeDefinition(
  { linked, id }: { linked: LinkedTypes; id: number },
  definition: { types: TypeRecords; id: number },
): void {
  const start = linked.starts[id]!;
  if (kindAt(linked, id) !== Kind.func) {
    linked.words[start + 3] = globalLinkage;
    return;
  }
  linked.words[start + 1] = (Kind.func << 24) | globalLinkage;
  const own = sizeOrTypeOf(linked, id);
  const other = sizeOrTypeOf(definition.types, definition.id);
  for (let i = 0; i < countAt(linked, own); i++) {
    const at = 3 + i * parameterWords;
    const name = definition.types.words[definition.types.starts[other]! + at]!;
    if (name === 0) continue;
    linked.words[linked.starts[own]! + at] = linked.strings.addText(definition.types.text(name));
  }
}

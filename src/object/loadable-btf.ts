import { Kind, type BtfEdit } from '../btf/index.ts';
import type { ObjectSpec } from './spec.ts';

/** A copy of an object's BTF for the kernel: hidden subprograms are static, to be verified with their callers. */
export function loadableBtf(spec: ObjectSpec, original: BtfEdit): BtfEdit {
  const btf = original.clone();
  for (const program of spec.programs) {
    if (!program.hidden || !program.subprogram) continue;
    for (const id of btf.idsOfKind(Kind.func)) {
      if (btf.vlen(id) !== 1 || btf.name(id) !== program.name) continue;
      btf.setInfo(id, { kind: Kind.func, vlen: 0 });
      break;
    }
  }
  return btf;
}

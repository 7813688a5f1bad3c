import { type BtfImage, Kind } from './btf-image.ts';
import type { ObjectSpec } from './spec.ts';

/** A copy of an object's BTF for the kernel: hidden subprograms are static, to be verified with their callers. */
export function loadableBtf(spec: ObjectSpec, original: BtfImage): BtfImage {
  const btf = original.clone();
  for (const program of spec.programs) {
    if (!program.hidden || !program.subprogram) continue;
    for (const id of btf.idsOfKind(Kind.FUNC)) {
      if (btf.vlen(id) !== 1 || btf.name(id) !== program.name) continue;
      btf.setInfo(id, { kind: Kind.FUNC, vlen: 0 });
      break;
    }
  }
  return btf;
}

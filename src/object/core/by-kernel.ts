// Relocations that the kernel applies itself while it loads a program.
import { ByteWriter } from '../../bytes/index.ts';
import { isComposite } from '../../btf/index.ts';
import { Code } from '../code.ts';
import type { TypeRelocation } from '../spec.ts';
import type { InfoRecords, LinkedProgram } from '../link-program.ts';
import type { ObjectSpec } from '../spec.ts';
import { Core, isFieldKind } from './kinds.ts';

const recordSize = 16;
const typeKinds: ReadonlySet<number> = new Set([Core.TYPE_ID_TARGET, Core.TYPE_EXISTS, Core.TYPE_SIZE]);

/** `struct bpf_core_relo` of a program and the functions appended to it. */
export function coreRecords({ placements }: LinkedProgram, littleEndian: boolean): InfoRecords {
  const writer = new ByteWriter({ littleEndian });
  for (const { program, offset } of placements) {
    for (const relocation of program.coreRelocations.toSorted((a, b) => a.index - b.index)) {
      writer.u32((relocation.index + offset) * 8).u32(relocation.typeId);
      writer.u32(relocation.accessOffset).u32(relocation.kind);
    }
  }
  return { recordSize, bytes: writer.finish() };
}

/**
 * Whether a kernel with libbpf's code for it (6.15) does with all relocations of an object what `applyCoreRelocations` does, or
 * refuses. Of types other than structures it compares less, and of enumerators. Where accesses to memory are relocated,
 * libbpf may warn though the object loads.
 */
export function kernelRelocatesAlike({ btf, programs }: ObjectSpec): boolean {
  return programs.every(({ code, coreRelocations }) => {
    if (coreRelocations.length === 0) return true;
    const instructions = new Code(code);
    const isAlike = ({ index, kind, typeId }: TypeRelocation) =>
      (instructions.isArithmetic(index) || instructions.isLoadImmediate64(index)) &&
      (isFieldKind(kind) || (typeKinds.has(kind) && btf?.has(typeId) === true && isComposite(btf.kind(typeId))));
    return coreRelocations.every(isAlike);
  });
}

// BTF that compilers will write and do not write yet: structs of very many members, kinds that nobody knows.
import { type BtfEdit, Kind } from '../../../src/btf/index.ts';
import { currentHeaderSize, writeBtf } from '../../../src/btf/header.ts';
import { recordWords } from '../../../src/btf/records.ts';

export const manyMembers = 70_000;
/** BTF_KIND_* of no kernel. */
export const unknownKind = 23;
/** Words of its fixed part and of each element. */
const unknownSize = { tail: 2, element: 1 };

/**
 * The BTF with `struct big` of 70,000 members, `m0` to `m69999`, four bytes apart, the last at `lastOffset` if that is
 * given. Returns the id of the struct.
 */
export function addBigStruct(btf: BtfEdit, lastOffset = (manyMembers - 1) * 4): number {
  const int = btf.addType({ name: 'number', kind: Kind.int, sizeOrType: 4, tail: [(1 << 24) | 32] });
  const names = btf.addStrings(Array.from({ length: manyMembers }, (_, i) => `m${i}`));
  const tail = names.flatMap((name, i) => [name, int, (i === manyMembers - 1 ? lastOffset : i * 4) * 8]);
  return btf.addType({ name: 'big', kind: Kind.struct, vlen: manyMembers, sizeOrType: manyMembers * 4, tail });
}

/** The BTF as bytes, with a type of an unknown kind at its end and the layouts of all kinds that tell its size. */
export function withUnknownKind(btf: BtfEdit): Uint8Array {
  const vlen = 3;
  const tail = Array.from({ length: unknownSize.tail + unknownSize.element * vlen }, (_, i) => i);
  const copy = btf.clone();
  copy.addType({ name: 'from_the_future', kind: unknownKind, vlen, sizeOrType: 0, tail });
  const layouts = new Uint8Array((unknownKind + 1) * 4);
  for (let kind = 1; kind < unknownKind; kind++) {
    const fixed = (recordWords(kind << 24) ?? 3) - 3;
    const element = (recordWords((kind << 24) | 1) ?? 3) - 3 - fixed;
    layouts.set([fixed * 4, element * 4], kind * 4);
  }
  layouts.set([unknownSize.tail * 4, unknownSize.element * 4], unknownKind * 4);
  const { words, strings, littleEndian } = copy;
  return writeBtf({ words, strings, littleEndian, headerSize: currentHeaderSize, layouts });
}

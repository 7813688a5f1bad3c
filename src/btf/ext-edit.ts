import { type ExtKind, extKinds, extStringWords, extTypeWords, readBtfExt } from './ext.ts';

/**
 * A copy of a `.BTF.ext` section with each string offset mapped, in libbpf's order: per kind of record, a section's
 * name before its records. Throws ParseError where the section is damaged. Source: btf_ext_visit_str_offs of libbpf.
 */
export function mapExtStrings(bytes: Uint8Array, map: (offset: number) => number): Uint8Array {
  return edit(bytes, { map, words: extStringWords, sectionNames: true });
}

/** A copy with each type id mapped. Throws ParseError where the section is damaged. */
export function mapExtTypeIds(bytes: Uint8Array, map: (id: number) => number): Uint8Array {
  return edit(bytes, { map, words: extTypeWords, sectionNames: false });
}

interface Edit {
  readonly map: (value: number) => number;
  readonly words: Readonly<Record<ExtKind, readonly number[]>>;
  readonly sectionNames: boolean;
}

function edit(bytes: Uint8Array, { map, words, sectionNames }: Edit): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  const ext = readBtfExt(copy);
  const change = (at: number) => view.setUint32(at, map(view.getUint32(at, ext.littleEndian)), ext.littleEndian);
  for (const kind of extKinds) {
    for (const { at, recordSize, bytes: records } of ext[kind]) {
      // The name and the number of the records stand before them.
      if (sectionNames) change(at - 8);
      for (let record = at; record < at + records.length; record += recordSize) {
        for (const word of words[kind]) change(record + word * 4);
      }
    }
  }
  return copy;
}

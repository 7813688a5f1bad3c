import { ParseError } from '../errors/index.ts';
import { extSegments, parseBtfExt } from './ext.ts';

/** Words of a record that hold string offsets, by kind of record. */
const stringWords = { funcInfo: [], lineInfo: [1, 2], coreRelos: [2] } as const;
const typeWords = { funcInfo: [1], lineInfo: [], coreRelos: [1] } as const;

/**
 * A copy of a `.BTF.ext` section with each string offset mapped, in libbpf's order: per kind of record, a section's
 * name before its records. Throws ParseError where the section is damaged. Source: btf_ext_visit_str_offs of libbpf.
 */
export function mapExtStrings(bytes: Uint8Array, map: (offset: number) => number): Uint8Array {
  return edit(bytes, { map, words: stringWords, sectionNames: true });
}

/** A copy with each type id mapped. Throws ParseError where the section is damaged. */
export function mapExtTypeIds(bytes: Uint8Array, map: (id: number) => number): Uint8Array {
  return edit(bytes, { map, words: typeWords, sectionNames: false });
}

interface Edit {
  readonly map: (value: number) => number;
  readonly words: Readonly<Record<'funcInfo' | 'lineInfo' | 'coreRelos', readonly number[]>>;
  readonly sectionNames: boolean;
}

function edit(bytes: Uint8Array, { map, words, sectionNames }: Edit): Uint8Array {
  parseBtfExt(bytes);
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  const { littleEndian, segments } = extSegments(copy);
  const change = (at: number) => view.setUint32(at, map(view.getUint32(at, littleEndian)), littleEndian);
  for (const { kind, start, end } of segments) {
    if (start === end) continue;
    const recordSize = view.getUint32(start, littleEndian);
    for (let at = start + 4; at < end; ) {
      const count = view.getUint32(at + 4, littleEndian);
      if (sectionNames) change(at);
      at += 8;
      if (at + count * recordSize > end) throw new ParseError('BTF.ext', at, `expected ${count} records`);
      for (let i = 0; i < count; i++, at += recordSize) for (const word of words[kind]) change(at + word * 4);
    }
  }
  return copy;
}

import { type ExtKind, extKinds, extStringWords, extTypeWords } from '../btf/index.ts';
import { Errno } from '../errors/index.ts';
import { failure } from '../object/index.ts';
import type { TypeMap } from './append-types.ts';
import type { ExtInput, SectionRecords } from './ext-input.ts';
import type { Output } from './output.ts';
import type { SourceObject } from './source-object.ts';
import { readable } from './strings.ts';

/** Appends the records of `.BTF.ext` to the sections that they are of. Source: linker_append_btf_ext of libbpf. */
export function appendExt(output: Output, source: SourceObject, ext: ExtInput, types: TypeMap): void {
  for (const kind of extKinds) {
    for (const records of ext[kind]) appendRecords(output, source, { kind, records, types });
  }
}

function appendRecords(
  output: Output,
  source: SourceObject,
  { kind, records, types }: { kind: ExtKind; records: SectionRecords; types: TypeMap },
): void {
  const { recordSize, count } = records;
  const name = source.types!.text(records.name);
  const section = source.sections.slice(1).find((one) => one.name === name);
  if (section === undefined) {
    throw failure(output.log, Errno.EINVAL, `can't find section '${readable(name)}' referenced from .BTF.ext`);
  }
  // Sections that were left out all go to the one that stands for none.
  const known = section.target.ext[kind];
  // The format has one record size for all sections; compilers of different versions may disagree about it.
  if (known.recordSize === 0) known.recordSize = recordSize;
  if (known.recordSize !== recordSize) {
    throw failure(output.log, Errno.EINVAL, `incompatible .BTF.ext record sizes for section '${readable(name)}'`);
  }
  const first = known.records.append(records.words);
  known.count += count;
  const { words } = known.records;
  for (let at = first; at < known.records.length; at += recordSize) {
    // The first word of every record is the byte offset of an instruction in its section.
    words[at] = words[at]! + section.targetOffset;
    for (const word of extTypeWords[kind]) words[at + word] = types.ids[words[at + word]!]!;
    for (const word of extStringWords[kind]) words[at + word] = types.mapString(words[at + word]!);
  }
}

import {
  BtfCycleError,
  btfMagic,
  dedupRecords,
  type ExtKind,
  extKinds,
  extTypeWords,
  TypeGraph,
} from '../btf/index.ts';
import { ByteWriter } from '../bytes/index.ts';
import { Errno, ParseError } from '../errors/index.ts';
import { errorText, failure } from '../object/index.ts';
import type { Output } from './output.ts';

/** Bytes of `struct btf_ext_header`: magic, version, flags, length, and offset and length of three kinds of records. */
const headerSize = 32;
/** Bytes of `struct btf_ext_info_sec`: the name's offset among the strings, and the number of records. */
const sectionHeaderSize = 8;

const words: Readonly<Record<ExtKind, string>> = {
  funcInfo: 'func_info',
  lineInfo: 'line_info',
  coreRelos: 'core_relo_info',
};

/** The `.BTF` and `.BTF.ext` of the output, deduplicated; undefined where no file has types. Source: finalize_btf of libbpf. */
export function finishTypes(output: Output): { btf: Uint8Array; ext: Uint8Array | undefined } | undefined {
  const { types, log, littleEndian } = output;
  if (types.typeCount === 0) return undefined;
  for (const { hasBtf, name, size, variables } of output.sections.slice(1)) {
    if (!hasBtf) continue;
    if (name === '') {
      throw failure(log, Errno.EINVAL, `failed to add consolidated BTF type for datasec '': ${-Errno.EINVAL}`);
    }
    types.addSection(
      name,
      size % 2 ** 32,
      variables.map((one) => [one.typeId, one.offset, one.size] as const),
    );
  }
  const sizes = extKinds.map((kind) => recordSize(output, kind));
  try {
    // Sections are named among the strings before the blob is put together.
    const names = nameSections(output, sizes);
    // Each file has its own copy of common types; ids in the records of .BTF.ext change with the deduplication.
    const deduped = dedupRecords(TypeGraph.over(types));
    const btf = types.assemble(deduped.words, { littleEndian });
    return { btf, ext: finishExt(output, { sizes, names, newIds: deduped.newIds }) };
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    const errno = cause instanceof BtfCycleError ? Errno.ELOOP : Errno.EINVAL;
    throw failure(log, errno, `BTF dedup failed: ${errorText(errno)}`, { cause });
  }
}

/** String offsets of the names of sections with records, kind by kind as libbpf adds them. */
function nameSections({ sections, types }: Output, sizes: readonly number[]): Map<string, number> {
  const names = new Map<string, number>();
  for (const [i, kind] of extKinds.entries()) {
    if (sizes[i] === 0) continue;
    for (const { name, ext } of sections.slice(1)) {
      if (ext[kind].count > 0 && !names.has(name)) names.set(name, types.strings.addText(name));
    }
  }
  return names;
}

interface ExtParts {
  /** Words of a record, by kind; 0 where there are none. */
  readonly sizes: readonly number[];
  readonly names: ReadonlyMap<string, number>;
  readonly newIds: Uint32Array;
}

/** The records of all sections behind one header; undefined where there are none. */
function finishExt(output: Output, parts: ExtParts): Uint8Array | undefined {
  if (parts.sizes.every((size) => size === 0)) return undefined;
  const written = extKinds.map((kind, i) =>
    parts.sizes[i] === 0 ? new Uint8Array(0) : partOf(output, kind, { ...parts, size: parts.sizes[i]! }),
  );
  const writer = new ByteWriter({ littleEndian: output.littleEndian });
  writer.u16(btfMagic).u8(1).u8(0).u32(headerSize);
  let offset = 0;
  for (const part of written) {
    writer.u32(offset).u32(part.length);
    offset += part.length;
  }
  for (const part of written) writer.bytes(part);
  return writer.finish();
}

/** Words of the records of a kind, which are alike in all sections; 0 where there are none. */
function recordSize({ sections, log }: Output, kind: ExtKind): number {
  let size = 0;
  for (const { ext } of sections.slice(1)) {
    const { count, recordSize: own } = ext[kind];
    if (count === 0) continue;
    if (size === 0) size = own;
    if (size !== own) {
      const text = `mismatch in ${words[kind]} record size ${size * 4} != ${own * 4}`;
      log('warn', text);
      throw failure(log, Errno.EINVAL, `.BTF.ext generation failed: ${errorText(Errno.EINVAL)}`);
    }
  }
  return size;
}

function partOf(
  { sections, littleEndian }: Output,
  kind: ExtKind,
  { size, names, newIds }: ExtParts & { size: number },
): Uint8Array {
  const filled = sections.slice(1).filter(({ ext }) => ext[kind].count > 0);
  const capacity = filled.reduce((sum, { ext }) => sum + sectionHeaderSize + ext[kind].records.length * 4, 4);
  const writer = new ByteWriter({ littleEndian, capacity });
  // Each kind begins with the size of its records, in bytes.
  writer.u32(size * 4);
  for (const { name, ext } of filled) {
    const { count, records } = ext[kind];
    const all = records.finish();
    for (const word of extTypeWords[kind]) {
      for (let at = word; at < all.length; at += size) all[at] = newIds[all[at]!]!;
    }
    writer.u32(names.get(name)!).u32(count);
    for (const word of all) writer.u32(word);
  }
  return writer.finish();
}

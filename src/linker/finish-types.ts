import { BtfCycleError, dedupBtf, type ExtKind, extKinds, parseBtf } from '../btf/index.ts';
import { ByteWriter } from '../bytes/index.ts';
import { Errno, ParseError } from '../errors/index.ts';
import { errorText, failure } from '../object/index.ts';
import type { Output } from './output.ts';

const headerSize = 32;
const sectionHeaderSize = 8;

const words: Readonly<Record<ExtKind, string>> = {
  funcInfo: 'func_info',
  lineInfo: 'line_info',
  coreRelos: 'core_relo_info',
};

/** The `.BTF` and `.BTF.ext` of the output, deduplicated; undefined where no file has types. Source: finalize_btf of libbpf. */
export function finishTypes(output: Output): { btf: Uint8Array; ext: Uint8Array | undefined } | undefined {
  const { types, log } = output;
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
  const { littleEndian } = output;
  const ext = finishExt(output);
  try {
    const deduped = dedupBtf(parseBtf(types.assemble({ littleEndian })), { ext, keepStrings: true });
    return { btf: deduped.bytes, ext: deduped.ext };
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    const errno = cause instanceof BtfCycleError ? Errno.ELOOP : Errno.EINVAL;
    throw failure(log, errno, `BTF dedup failed: ${errorText(errno)}`, { cause });
  }
}

/** The records of all sections behind one header; undefined where there are none. */
function finishExt(output: Output): Uint8Array | undefined {
  const sizes = extKinds.map((kind) => recordSize(output, kind));
  if (sizes.every((size) => size === 0)) return undefined;
  const parts = extKinds.map((kind, i) => (sizes[i] === 0 ? new Uint8Array(0) : partOf(output, kind, sizes[i]!)));
  const writer = new ByteWriter({ littleEndian: output.littleEndian });
  writer.u16(0xeb9f).u8(1).u8(0).u32(headerSize);
  let offset = 0;
  for (const part of parts) {
    writer.u32(offset).u32(part.length);
    offset += part.length;
  }
  for (const part of parts) writer.bytes(part);
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

function partOf({ sections, types, littleEndian }: Output, kind: ExtKind, size: number): Uint8Array {
  const filled = sections.slice(1).filter(({ ext }) => ext[kind].count > 0);
  const capacity = filled.reduce((sum, { ext }) => sum + sectionHeaderSize + ext[kind].records.length * 4, 4);
  const writer = new ByteWriter({ littleEndian, capacity });
  writer.u32(size * 4);
  for (const { name, ext } of filled) {
    writer.u32(types.strings.add(name)).u32(ext[kind].count);
    for (const word of ext[kind].records.finish()) writer.u32(word);
  }
  return writer.finish();
}

import { btfMagic, type ExtKind, type ExtRecords, readBtfExt } from '../btf/index.ts';
import { hostIsLittleEndian } from '../bytes/index.ts';
import { Errno, ParseError } from '../errors/index.ts';
import { ObjectError } from '../object/index.ts';

/** Records of one ELF section. */
export interface SectionRecords {
  /** Offset of the section's name among the strings of the BTF. */
  readonly name: number;
  /** Words of one record. */
  readonly recordSize: number;
  readonly count: number;
  /** All of them, as words of this machine's byte order. */
  readonly words: Uint32Array;
}

/** The records of a `.BTF.ext` section, by kind. */
export type ExtInput = Readonly<Record<ExtKind, readonly SectionRecords[]>>;

/** Words of the records that are known here: those of the other byte order have no more, since nobody could turn them. */
const knownWords: Readonly<Record<ExtKind, number>> = { funcInfo: 2, lineInfo: 4, coreRelos: 4 };
const requiredHeader = 24;
/** Where version and flags stand, which are refused with another errno than all else. */
const versionAndFlags: readonly number[] = [2, 3];

/** Reads `.BTF.ext` as strictly as libbpf: an ObjectError where it would refuse. Source: btf_ext_parse of libbpf. */
export function readExt(bytes: Uint8Array, warn: (text: string) => void): ExtInput {
  try {
    const { littleEndian, ...parts } = readBtfExt(bytes);
    const part = (kind: ExtKind) => parts[kind].map((one) => sectionRecords(kind, one, littleEndian));
    return { funcInfo: part('funcInfo'), lineInfo: part('lineInfo'), coreRelos: part('coreRelos') };
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    if (hasShortHeader(bytes)) warn('BTF.ext header missing func_info, line_info');
    const errno = versionAndFlags.includes(cause.offset) ? Errno.EOPNOTSUPP : Errno.EINVAL;
    throw new ObjectError(cause.message, errno, { cause });
  }
}

function sectionRecords(kind: ExtKind, records: ExtRecords, littleEndian: boolean): SectionRecords {
  const { section, bytes } = records;
  const recordSize = records.recordSize / 4;
  if (littleEndian !== hostIsLittleEndian && recordSize !== knownWords[kind]) {
    throw new ParseError('BTF.ext', records.at, `expected records of ${knownWords[kind] * 4} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = new Uint32Array(bytes.length / 4);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(i * 4, littleEndian);
  return { name: section, recordSize, count: words.length / recordSize, words };
}

/** A header that is whole, and known, and does not reach to the places of functions and lines. */
function hasShortHeader(bytes: Uint8Array): boolean {
  if (bytes.length < 8 || bytes[2] !== 1 || bytes[3] !== 0) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(4, view.getUint16(0, true) === btfMagic);
  return size < requiredHeader && size < bytes.length;
}

import { ByteReader, hostIsLittleEndian } from '../bytes/index.ts';
import { btfMagic } from './header.ts';

/** Records of one ELF section; `section` is a string offset into the BTF that belongs to it. */
export interface ExtSection<Record> {
  readonly section: number;
  readonly records: readonly Record[];
}

/** `insnOffset` is in bytes from the start of the section (in instructions once loaded). */
export interface FuncInfo {
  readonly insnOffset: number;
  readonly typeId: number;
}

/** `fileName` and `line` are string offsets. */
export interface LineInfo {
  readonly insnOffset: number;
  readonly fileName: number;
  readonly line: number;
  readonly lineNumber: number;
  readonly column: number;
}

/** `access` is a string offset; `kind` a bpf_core_relo_kind. */
export interface CoreRelocation {
  readonly insnOffset: number;
  readonly typeId: number;
  readonly access: number;
  readonly kind: number;
}

/** The records of a `.BTF.ext` section, by ELF section. Source: Linux Documentation/bpf/btf.rst. */
export interface BtfExt {
  readonly funcInfo: readonly ExtSection<FuncInfo>[];
  readonly lineInfo: readonly ExtSection<LineInfo>[];
  readonly coreRelos: readonly ExtSection<CoreRelocation>[];
}

/** The three kinds of records, in the order of the header. */
export const extKinds = ['funcInfo', 'lineInfo', 'coreRelos'] as const;
export type ExtKind = (typeof extKinds)[number];

/** Bytes of the shortest record of a kind: what the first kernels that took it knew. */
const shortestRecord: Readonly<Record<ExtKind, number>> = { funcInfo: 8, lineInfo: 16, coreRelos: 16 };

/** Words of a record that hold string offsets, by kind of record. */
export const extStringWords: Readonly<Record<ExtKind, readonly number[]>> = {
  funcInfo: [],
  lineInfo: [1, 2],
  coreRelos: [2],
};
/** Words of a record that hold type ids. */
export const extTypeWords: Readonly<Record<ExtKind, readonly number[]>> = {
  funcInfo: [1],
  lineInfo: [],
  coreRelos: [1],
};

/** Records of one ELF section as they are in the file; a word of each has four bytes, and the first is a byte offset. */
export interface ExtRecords {
  /** Name of the ELF section: a string offset into the BTF that belongs to it. */
  readonly section: number;
  readonly recordSize: number;
  /** Where the first record lies: bytes from the start of `.BTF.ext`. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** The undecoded records of a `.BTF.ext` section. */
export type RawBtfExt = Readonly<Record<ExtKind, readonly ExtRecords[]>> & { readonly littleEndian: boolean };

/**
 * Finds the records of a `.BTF.ext` section, either byte order; they stay where they are. Throws ParseError; its offset
 * is 2 or 3 where version or flags are not known here, 4 for a header that is too short. Source: btf_ext_parse of libbpf.
 */
export function readBtfExt(bytes: Uint8Array): RawBtfExt {
  const littleEndian = !(bytes[0] === 0xeb && bytes[1] === 0x9f);
  const reader = new ByteReader(bytes, { format: 'BTF.ext', littleEndian });
  if (reader.u16() !== btfMagic) throw reader.error('magic 0xeb9f', 0);
  const version = reader.u8();
  const flags = reader.u8();
  const headerSize = reader.u32();
  if (version !== 1) throw reader.error(`version 1, not ${version}`, 2);
  if (flags !== 0) throw reader.error(`flags 0, not ${flags}`, 3);
  if (headerSize >= bytes.length) throw reader.error('records after the header', bytes.length);
  if (headerSize < 24) throw reader.error('a header of at least 24 bytes', 4);
  const places = extKinds.map((kind, i) => {
    const [offset, size] = i < 2 || headerSize >= 32 ? [reader.u32(), reader.u32()] : [0, 0];
    return { kind, offset, size };
  });
  const [funcInfo, lineInfo, coreRelos] = places.map(({ kind, offset, size }) => {
    if (size === 0) return [];
    if (offset % 4 !== 0) throw reader.error(`records of ${kind} aligned to 4 bytes`, 8);
    return sections(reader, { start: headerSize + offset, size }, shortestRecord[kind]);
  }) as [ExtRecords[], ExtRecords[], ExtRecords[]];
  return { littleEndian, funcInfo, lineInfo, coreRelos };
}

function sections(whole: ByteReader, place: { start: number; size: number }, shortest: number): ExtRecords[] {
  const reader = whole.slice(place.start, place.size);
  const recordSize = reader.u32();
  if (recordSize < shortest || recordSize % 4 !== 0) throw reader.error(`records of at least ${shortest} bytes`, 0);
  if (reader.remaining === 0) throw reader.error('at least one section');
  const found: ExtRecords[] = [];
  while (reader.remaining > 0) {
    const section = reader.u32();
    const count = reader.u32();
    if (count === 0) throw reader.error('at least one record');
    if (count > reader.remaining / recordSize) throw reader.error(`${count} records of ${recordSize} bytes`);
    const at = place.start + reader.offset;
    found.push({ section, recordSize, at, bytes: reader.bytes(count * recordSize) });
  }
  return found;
}

/** Parses the content of a `.BTF.ext` section, either byte order. Throws ParseError. */
export function parseBtfExt(bytes: Uint8Array): BtfExt {
  const { littleEndian, funcInfo, lineInfo, coreRelos } = readBtfExt(bytes);
  const decode = <T>(all: readonly ExtRecords[], record: (words: RecordWords) => T): ExtSection<T>[] =>
    all.map((one) => ({ section: one.section, records: decodeRecords(one, record, littleEndian) }));
  return {
    funcInfo: decode(funcInfo, funcRecord),
    lineInfo: decode(lineInfo, lineRecord),
    coreRelos: decode(coreRelos, coreRecord),
  };
}

/** Reads a 32-bit word of a record by its index. */
type RecordWords = (index: number) => number;

/** The decoded records of one section. */
export function decodeRecords<T>(
  { bytes, recordSize }: Pick<ExtRecords, 'bytes' | 'recordSize'>,
  record: (words: RecordWords) => T,
  littleEndian: boolean,
): T[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: T[] = [];
  for (let at = 0; at + recordSize <= bytes.length; at += recordSize) {
    found.push(record((index) => view.getUint32(at + index * 4, littleEndian)));
  }
  return found;
}

/** Decodes a function record. */
export function funcRecord(word: RecordWords): FuncInfo {
  return { insnOffset: word(0), typeId: word(1) };
}

/** Decodes a line record: line and column share a word. */
export function lineRecord(word: RecordWords): LineInfo {
  const place = word(3);
  return {
    insnOffset: word(0),
    fileName: word(1),
    line: word(2),
    lineNumber: place >>> 10,
    column: place & 0x3ff,
  };
}

/** Decodes a CO-RE relocation. */
export function coreRecord(word: RecordWords): CoreRelocation {
  return { insnOffset: word(0), typeId: word(1), access: word(2), kind: word(3) };
}

/** Decodes the line record at an offset of bytes, as the kernel gives and takes them: in this machine's byte order. */
export function lineRecordAt(view: DataView, at: number): LineInfo {
  return lineRecord((index) => view.getUint32(at + index * 4, hostIsLittleEndian));
}

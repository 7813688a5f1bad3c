import { ByteReader } from '../bytes/index.ts';

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

/** Where the records of one kind lie: bytes from the start of the section. */
export interface ExtSegment {
  readonly kind: 'funcInfo' | 'lineInfo' | 'coreRelos';
  readonly start: number;
  readonly end: number;
}

/** Reads and checks the header. Throws ParseError. */
export function extSegments(bytes: Uint8Array): { littleEndian: boolean; segments: readonly ExtSegment[] } {
  const littleEndian = !(bytes[0] === 0xeb && bytes[1] === 0x9f);
  const reader = new ByteReader(bytes, { format: 'BTF.ext', littleEndian });
  if (reader.u16() !== 0xeb9f) throw reader.error('magic 0xeb9f', 0);
  const version = reader.u8();
  if (version !== 1) throw reader.error(`version 1, not ${version}`, 2);
  reader.skip(1);
  const headerSize = reader.u32();
  if (headerSize < 24) throw reader.error('a header of at least 24 bytes', 4);
  const kinds = ['funcInfo', 'lineInfo', 'coreRelos'] as const;
  const segments = kinds.map((kind, i) => {
    const [offset, size] = i < 2 || headerSize >= 32 ? [reader.u32(), reader.u32()] : [0, 0];
    return { kind, start: headerSize + offset, end: headerSize + offset + size };
  });
  return { littleEndian, segments };
}

/** Parses the content of a `.BTF.ext` section, either byte order. Throws ParseError. */
export function parseBtfExt(bytes: Uint8Array): BtfExt {
  const { littleEndian, segments } = extSegments(bytes);
  const reader = new ByteReader(bytes, { format: 'BTF.ext', littleEndian });
  const [func, line, core] = segments as [ExtSegment, ExtSegment, ExtSegment];
  return {
    funcInfo: sections(reader, func, 8, funcRecord),
    lineInfo: sections(reader, line, 16, lineRecord),
    coreRelos: sections(reader, core, 16, coreRecord),
  };
}

function sections<T>(
  whole: ByteReader,
  { start, end }: ExtSegment,
  minRecord: number,
  read: (reader: ByteReader) => T,
): ExtSection<T>[] {
  if (start === end) return [];
  const reader = whole.slice(start, end - start);
  const recordSize = reader.u32();
  if (recordSize < minRecord || recordSize % 4 !== 0) throw reader.error(`records of at least ${minRecord} bytes`, 0);
  const found: ExtSection<T>[] = [];
  while (reader.remaining > 0) {
    const section = reader.u32();
    const count = reader.u32();
    if (count * recordSize > reader.remaining) throw reader.error(`${count} records of ${recordSize} bytes`);
    const records: T[] = [];
    for (let i = 0; i < count; i++) {
      const next = reader.offset + recordSize;
      records.push(read(reader));
      reader.seek(next);
    }
    found.push({ section, records });
  }
  return found;
}

function funcRecord(reader: ByteReader): FuncInfo {
  return { insnOffset: reader.u32(), typeId: reader.u32() };
}

function lineRecord(reader: ByteReader): LineInfo {
  const [insnOffset, fileName, line, place] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
  return { insnOffset, fileName, line, lineNumber: place >>> 10, column: place & 0x3ff };
}

function coreRecord(reader: ByteReader): CoreRelocation {
  return { insnOffset: reader.u32(), typeId: reader.u32(), access: reader.u32(), kind: reader.u32() };
}

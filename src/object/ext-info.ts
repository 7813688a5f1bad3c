import { ByteReader } from '../bytes/index.ts';
import type { BtfImage } from './btf-image.ts';

/** Records of one section of .BTF.ext, as bytes; the first 32-bit word of each is a byte offset in the section. */
export interface ExtSection {
  readonly sectionName: string;
  readonly records: Uint8Array;
  readonly recordSize: number;
}

/** What one CO-RE relocation asks: `kind` is BPF_CORE_*, `access` a path such as `0:1:2`. */
export interface CoreRelocation {
  /** Byte offset in the section until assigned to a program, then slot index in the function. */
  readonly index: number;
  readonly typeId: number;
  readonly access: string;
  readonly kind: number;
  /** Its number in the section, for diagnostics. */
  readonly number: number;
}

/** A relocation as .BTF.ext holds it. */
export interface CoreRecord extends CoreRelocation {
  /** Where `access` stands among the strings of the BTF. */
  readonly accessOffset: number;
}

export interface ExtInfo {
  readonly funcInfo: readonly ExtSection[];
  readonly lineInfo: readonly ExtSection[];
  readonly coreRelocations: readonly ExtSection[];
}

/** Reads .BTF.ext. ParseError when a part reaches outside or a record is shorter than the kernel's. */
export function parseExtInfo(bytes: Uint8Array, btf: BtfImage): ExtInfo {
  const reader = new ByteReader(bytes, { format: '.BTF.ext', littleEndian: btf.littleEndian });
  if (reader.u16() !== 0xeb9f) throw reader.error('the BTF magic', 0);
  if (reader.u8() !== 1) throw reader.error('version 1', 2);
  reader.skip(1);
  const headerLength = reader.u32();
  if (headerLength < 24 || headerLength > bytes.length) throw reader.error('a header inside the data', 4);
  const part = (offset: number, length: number, smallest: number) =>
    length === 0 ? [] : readPart(reader.slice(headerLength + offset, length), btf, smallest);
  const [funcAt, funcLength, lineAt, lineLength] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
  const [coreAt, coreLength] = headerLength >= 32 ? [reader.u32(), reader.u32()] : [0, 0];
  return {
    funcInfo: part(funcAt, funcLength, 8),
    lineInfo: part(lineAt, lineLength, 16),
    coreRelocations: part(coreAt, coreLength, 16),
  };
}

function readPart(reader: ByteReader, btf: BtfImage, smallest: number): ExtSection[] {
  const recordSize = reader.u32();
  if (recordSize < smallest || recordSize % 4 !== 0) throw reader.error(`records of at least ${smallest} bytes`, 0);
  const sections: ExtSection[] = [];
  while (reader.remaining > 0) {
    const sectionName = btf.text(reader.u32());
    const count = reader.u32();
    if (count === 0) throw reader.error('at least one record');
    if (count > reader.remaining / recordSize) throw reader.error(`${count} records`);
    sections.push({ sectionName, records: reader.bytes(count * recordSize), recordSize });
  }
  return sections;
}

/** The CO-RE relocations of one section; `index` is still the byte offset in the section. */
export function readCoreRelocations(section: ExtSection, btf: BtfImage): CoreRecord[] {
  const reader = new ByteReader(section.records, { format: '.BTF.ext', littleEndian: btf.littleEndian });
  const relocations: CoreRecord[] = [];
  for (let at = 0, number = 0; at < section.records.length; at += section.recordSize, number++) {
    reader.seek(at);
    const index = reader.u32();
    const typeId = reader.u32();
    const accessOffset = reader.u32();
    const access = btf.text(accessOffset);
    relocations.push({ index, typeId, access, accessOffset, kind: reader.u32(), number });
  }
  return relocations;
}

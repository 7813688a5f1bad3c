import { ByteReader } from '../bytes/index.ts';
import { parseElf } from './file.ts';

/** A part of a linked file that is loaded into memory. */
export interface ElfSegment {
  /** Address in memory, before the file as a whole is moved. */
  readonly address: number;
  /** Bytes in memory. */
  readonly size: number;
  /** Where it begins in the file. */
  readonly offset: number;
  readonly executable: boolean;
}

const loaded = 1;
const executableFlag = 1;
const entrySize = 56;

/** The loaded segments of a linked 64-bit file, by address. ParseError when the table reaches outside the file. */
export function loadedSegments(bytes: Uint8Array): ElfSegment[] {
  const { littleEndian } = parseElf(bytes);
  const reader = new ByteReader(bytes, { format: 'ELF', littleEndian });
  reader.seek(32);
  const tableAt = reader.size64();
  reader.seek(54);
  const size = reader.u16();
  const count = reader.u16();
  if (count > 0 && size !== entrySize) throw reader.error(`program headers of ${entrySize} bytes`, 54);
  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index++) {
    reader.seek(tableAt + index * entrySize);
    const type = reader.u32();
    const flags = reader.u32();
    const offset = reader.size64();
    const address = reader.size64();
    reader.skip(16);
    const memorySize = reader.size64();
    if (type !== loaded) continue;
    segments.push({ address, size: memorySize, offset, executable: (flags & executableFlag) !== 0 });
  }
  return segments.sort((a, b) => a.address - b.address);
}

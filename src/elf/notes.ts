import { ByteReader } from '../bytes/index.ts';

export interface ElfNote {
  /** Without the final NUL. */
  readonly name: string;
  readonly type: number;
  readonly description: Uint8Array;
}

/** The notes that the contents of a section are. ParseError where one reaches outside. */
export function readNotes(bytes: Uint8Array, { littleEndian }: { readonly littleEndian: boolean }): ElfNote[] {
  const reader = new ByteReader(bytes, { format: 'ELF', littleEndian });
  const notes: ElfNote[] = [];
  while (reader.remaining >= 12) {
    const [nameSize, size, type] = [reader.u32(), reader.u32(), reader.u32()];
    const name = Buffer.from(reader.bytes(nameSize)).toString('latin1').replace(/\0.*$/s, '');
    align(reader, nameSize);
    const description = reader.bytes(size);
    align(reader, size);
    notes.push({ name, type, description });
  }
  return notes;
}

function align(reader: ByteReader, size: number): void {
  reader.skip(Math.min((4 - (size % 4)) % 4, reader.remaining));
}

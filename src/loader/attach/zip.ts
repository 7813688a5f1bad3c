import { ByteReader, type ByteSource } from '../../bytes/index.ts';
import { Errno, ParseError } from '../../errors/index.ts';
import { ObjectError } from '../../object/index.ts';

/** A file in a zip archive. */
export interface ZipEntry {
  /** Where its bytes are in the archive. */
  readonly offset: number;
  readonly length: number;
  readonly isCompressed: boolean;
}

const endMagic = 0x06054b50;
const endSize = 22;
const longestComment = 0xffff;
const directoryMagic = 0x02014b50;
const directorySize = 46;
const fileMagic = 0x04034b50;
const fileSize = 30;
/** Encrypted, or of a size that stands behind the contents: neither can be used in place. */
const unusableFlags = 1 | 8;
const largestArchive = 0xffffffff;

/**
 * Finds a file in an archive by its path. Answers a positive errno where it is not there or cannot be used in place;
 * ObjectError where the archive as a whole is none, or one of several parts or more than 4 GB. Source of the layouts:
 * APPNOTE.TXT of the zip format, 4.3.
 */
export function findEntry(archive: ByteSource, name: string): ZipEntry | number {
  const directory = findDirectory(archive);
  const encodedName = new TextEncoder().encode(name);
  try {
    let at = directory.offset;
    for (let index = 0; index < directory.count; index++) {
      const header = reader(archive, at, directorySize);
      if (header.u32() !== directoryMagic) return Errno.EINVAL;
      header.skip(4);
      const flags = header.u16();
      header.skip(18);
      const [nameLength, extraLength, commentLength] = [header.u16(), header.u16(), header.u16()];
      header.skip(8);
      const offset = header.u32();
      at += directorySize;
      const bytes = archive.read(at, nameLength);
      const isIt = nameLength === encodedName.length && bytes.every((byte, place) => byte === encodedName[place]);
      if (isIt && (flags & unusableFlags) === 0) return entryAt(archive, offset);
      at += nameLength + extraLength + commentLength;
    }
  } catch (error) {
    if (error instanceof ParseError) return Errno.EINVAL;
    throw error;
  }
  return Errno.ENOENT;
}

function entryAt(archive: ByteSource, at: number): ZipEntry | number {
  const header = reader(archive, at, fileSize);
  if (header.u32() !== fileMagic) return Errno.EINVAL;
  header.skip(2);
  const flags = header.u16();
  const method = header.u16();
  if ((flags & unusableFlags) !== 0) return Errno.EINVAL;
  header.skip(8);
  const length = header.u32();
  header.skip(4);
  const offset = at + fileSize + header.u16() + header.u16();
  if (offset + length > archive.size) return Errno.EINVAL;
  return { offset, length, isCompressed: method !== 0 };
}

/** The directory at the archive's end, which a comment of unknown length may follow. */
function findDirectory(archive: ByteSource): { offset: number; count: number } {
  const bad = (errno: number) => new ObjectError('no zip archive that can be used', errno);
  if (archive.size > largestArchive || archive.size <= endSize) throw bad(Errno.EINVAL);
  const tailSize = Math.min(archive.size, endSize + longestComment);
  const tail = archive.read(archive.size - tailSize, tailSize);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  for (let at = tail.length - endSize; at >= 0; at--) {
    if (view.getUint32(at, true) !== endMagic || at + endSize + view.getUint16(at + 20, true) !== tail.length) continue;
    const count = view.getUint16(at + 8, true);
    const isWhole = view.getUint16(at + 4, true) === 0 && view.getUint16(at + 6, true) === 0;
    if (!isWhole || view.getUint16(at + 10, true) !== count) throw bad(Errno.EOPNOTSUPP);
    const [length, offset] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
    if (offset + length > archive.size) continue;
    return { offset, count };
  }
  throw bad(Errno.EINVAL);
}

function reader(archive: ByteSource, offset: number, length: number): ByteReader {
  return new ByteReader(archive.read(offset, length), { format: 'zip', base: offset });
}

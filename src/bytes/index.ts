export { alignUp } from './align.ts';
export { hostIsLittleEndian } from './endian.ts';
export { parseHexBytes, toHex } from './hex.ts';
export { ByteReader, type ByteReaderOptions } from './reader.ts';
export { type ByteSource, checkRange, partOf, sourceOf } from './source.ts';
export { StringTable, StringTableBuilder } from './strings.ts';
export { cString, cstr, decodeUtf8, encodeUtf8 } from './text.ts';
export { ByteWriter, type ByteWriterOptions } from './writer.ts';
export { zeroedBytes } from './zeroed.ts';

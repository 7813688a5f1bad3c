import { ByteWriter, hostIsLittleEndian } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import type { KindLayouts } from './records.ts';

/** First two bytes of .BTF and .BTF.ext; their order is the byte order of the rest. */
export const btfMagic = 0xeb9f;
/** Bytes of the first header that BTF had; all later ones begin with it. */
const minHeader = 24;
/** Headers from this length on say where the layouts of kinds are. */
const layoutHeader = 32;

/** Where the sections of a BTF blob lie: bytes from its start. */
export interface BtfHeader {
  readonly littleEndian: boolean;
  /** Bytes of the header itself. */
  readonly size: number;
  readonly typesStart: number;
  readonly typesEnd: number;
  readonly stringsStart: number;
  readonly stringsEnd: number;
  /** The layout section; start and end are equal where there is none. */
  readonly layoutsStart: number;
  readonly layoutsEnd: number;
  readonly layouts: KindLayouts | undefined;
}

/** Reads and checks the header, either byte order, of any version. Throws ParseError. Source: btf_parse_hdr of libbpf. */
export function parseHeader(bytes: Uint8Array): BtfHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < minHeader) throw bad(0, `a header of ${minHeader} bytes, ${bytes.length} there`);
  const first = view.getUint16(0, true);
  const littleEndian = first === btfMagic;
  if (!littleEndian && view.getUint16(0, false) !== btfMagic) {
    throw bad(0, `magic 0x${btfMagic.toString(16)}, not 0x${first.toString(16)}`);
  }
  const u32 = (at: number) => view.getUint32(at, littleEndian);
  const size = u32(4);
  if (size < minHeader || size > bytes.length) throw bad(4, `a header length within the data, not ${size}`);
  const [typesStart, stringsStart] = [size + u32(8), size + u32(16)];
  const [typesEnd, stringsEnd] = [typesStart + u32(12), stringsStart + u32(20)];
  if (u32(8) % 4 !== 0) throw bad(8, 'a type section aligned to 4 bytes');
  if (typesEnd > bytes.length) throw bad(12, `types within ${bytes.length} bytes`);
  if (stringsEnd > bytes.length) throw bad(20, `strings within ${bytes.length} bytes`);
  if (typesEnd > stringsStart) throw bad(16, 'strings after the types');
  const places = { littleEndian, size, typesStart, typesEnd, stringsStart, stringsEnd };
  if (size < layoutHeader || u32(28) === 0) return { ...places, layoutsStart: 0, layoutsEnd: 0, layouts: undefined };
  const layoutsStart = size + u32(24);
  const layoutsEnd = layoutsStart + u32(28);
  if (u32(24) % 4 !== 0) throw bad(24, 'kind layouts aligned to 4 bytes');
  if (layoutsStart < typesEnd || layoutsEnd > stringsStart) throw bad(24, 'kind layouts between types and strings');
  if (u32(28) % 4 !== 0) throw bad(28, 'kind layouts of 4 bytes each');
  return { ...places, layoutsStart, layoutsEnd, layouts: readLayouts(bytes.subarray(layoutsStart, layoutsEnd)) };
}

/** Sizes become words; those that are no multiple of a word stay fractions, which no record may have. */
function readLayouts(bytes: Uint8Array): KindLayouts {
  return Array.from(
    { length: bytes.length / 4 },
    (_, kind) => [bytes[kind * 4]! / 4, bytes[kind * 4 + 1]! / 4] as const,
  );
}

/** What a BTF blob is put together from. */
export interface BtfParts {
  /** Type records as words of this machine's byte order. */
  readonly words: Uint32Array;
  readonly strings: Uint8Array;
  /** Byte order of the blob. */
  readonly littleEndian: boolean;
  /** Bytes of the header, 24 unless given; what lies beyond the known fields is zero. */
  readonly headerSize?: number;
  /** Bytes of the layout section, for headers that name one. */
  readonly layouts?: Uint8Array;
  /** The bytes of the version and the flags, 1 and 0 unless given. */
  readonly versionAndFlags?: Uint8Array;
}

/** Header length that libbpf 1.8 writes. */
export const currentHeaderSize = layoutHeader;

/** Writes a BTF blob: header, types, layouts of kinds, strings. */
export function writeBtf(parts: BtfParts): Uint8Array {
  const { words, strings, littleEndian, headerSize = minHeader, layouts } = parts;
  const [version, flags] = parts.versionAndFlags ?? [1, 0];
  const types = wordBytes(words, littleEndian);
  const { length: typesSize } = types;
  const layoutsSize = headerSize < layoutHeader ? 0 : (layouts?.length ?? 0);
  const capacity = headerSize + typesSize + layoutsSize + strings.length;
  const out = new ByteWriter({ littleEndian, capacity });
  out.u16(btfMagic).u8(version!).u8(flags!).u32(headerSize);
  out.u32(0).u32(typesSize);
  out.u32(typesSize + layoutsSize).u32(strings.length);
  if (layoutsSize > 0) out.u32(typesSize).u32(layoutsSize);
  out.pad(headerSize - out.length);
  out.bytes(types);
  if (layouts !== undefined && layoutsSize > 0) out.bytes(layouts);
  return out.bytes(strings).finish();
}

/** The words of a type section as this machine has them: the bytes themselves where that is possible, a copy otherwise. */
export function wordsOf(bytes: Uint8Array, littleEndian: boolean): Uint32Array {
  const count = bytes.length >>> 2;
  if (littleEndian === hostIsLittleEndian && bytes.byteOffset % 4 === 0) {
    return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  }
  const words = new Uint32Array(count);
  new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
  if (littleEndian !== hostIsLittleEndian) {
    const view = new DataView(words.buffer);
    for (let i = 0; i < count; i++) words[i] = view.getUint32(i * 4, littleEndian);
  }
  return words;
}

function wordBytes(words: Uint32Array, littleEndian: boolean): Uint8Array {
  if (littleEndian === hostIsLittleEndian) return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const bytes = new Uint8Array(words.byteLength);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words.length; i++) view.setUint32(i * 4, words[i]!, littleEndian);
  return bytes;
}

function bad(offset: number, expectation: string): ParseError {
  return new ParseError('BTF', offset, `expected ${expectation}`);
}

import { ParseError } from '../errors/index.ts';
import type { KindLayouts } from './records.ts';

const magic = 0xeb9f;
const minHeader = 24;
/** Headers from this length on say where the layouts of kinds are. */
const layoutHeader = 32;

/** Where the sections of a BTF blob lie: bytes from its start. */
export interface BtfHeader {
  readonly littleEndian: boolean;
  readonly typesStart: number;
  readonly typesEnd: number;
  readonly stringsStart: number;
  readonly stringsEnd: number;
  readonly layouts: KindLayouts | undefined;
}

/** Reads and checks the header, either byte order. Throws ParseError. Source: btf_parse_hdr of libbpf. */
export function parseHeader(bytes: Uint8Array): BtfHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < minHeader) throw bad(0, `a header of ${minHeader} bytes, ${bytes.length} there`);
  const first = view.getUint16(0, true);
  const littleEndian = first === magic;
  if (!littleEndian && view.getUint16(0, false) !== magic) {
    throw bad(0, `magic 0x${magic.toString(16)}, not 0x${first.toString(16)}`);
  }
  const u32 = (at: number) => view.getUint32(at, littleEndian);
  if (bytes[2] !== 1) throw bad(2, `version 1, not ${bytes[2]}`);
  const size = u32(4);
  if (size < minHeader || size > bytes.length) throw bad(4, `a header length within the data, not ${size}`);
  const [typesStart, stringsStart] = [size + u32(8), size + u32(16)];
  const [typesEnd, stringsEnd] = [typesStart + u32(12), stringsStart + u32(20)];
  if (u32(8) % 4 !== 0) throw bad(8, 'a type section aligned to 4 bytes');
  if (typesEnd > bytes.length) throw bad(12, `types within ${bytes.length} bytes`);
  if (stringsEnd > bytes.length) throw bad(20, `strings within ${bytes.length} bytes`);
  if (typesEnd > stringsStart) throw bad(16, 'strings after the types');
  let layouts: KindLayouts | undefined;
  if (size >= layoutHeader && u32(28) > 0) {
    const [offset, length] = [u32(24), u32(28)];
    if (offset % 4 !== 0) throw bad(24, 'kind layouts aligned to 4 bytes');
    if (size + offset < typesEnd || size + offset + length > stringsStart) {
      throw bad(24, 'kind layouts between types and strings');
    }
    if (length % 4 !== 0) throw bad(28, 'kind layouts of 4 bytes each');
    layouts = readLayouts(bytes.subarray(size + offset, size + offset + length));
  }
  return { littleEndian, typesStart, typesEnd, stringsStart, stringsEnd, layouts };
}

/** Sizes become words; those that are no multiple of a word stay fractions, which no record may have. */
function readLayouts(bytes: Uint8Array): KindLayouts {
  return Array.from(
    { length: bytes.length / 4 },
    (_, kind) => [bytes[kind * 4]! / 4, bytes[kind * 4 + 1]! / 4] as const,
  );
}

function bad(offset: number, expectation: string): ParseError {
  return new ParseError('BTF', offset, `expected ${expectation}`);
}

import { ByteReader, cstr } from '../bytes/index.ts';
import { Elf } from './constants.ts';
import type { LinkedFile, LinkedSection } from './linked.ts';

/** A function of a program or library. */
export interface FunctionSymbol {
  /** In static tables it may end in `@VERSION` or `@@VERSION`. */
  readonly name: string;
  /** STB_* */
  readonly binding: number;
  /** Where its code is in the file, bytes; what probes are placed by. */
  readonly fileOffset: number;
  /** Its number in the table. */
  readonly index: number;
}

/** Which names are taken: all that begin with a text and then end or go on with `@`, or those a test takes. */
export type NameFilter = { readonly stem: string } | { readonly matches: (name: string) => boolean };

/** Bytes read at once, of symbols and of their names. */
const pieceSize = 1 << 20;

/** Tables of functions, as they are to be asked. */
export const FunctionTable = { dynamic: Elf.SHT_DYNSYM, static: Elf.SHT_SYMTAB } as const;

/**
 * Functions that are defined in a linked file and whose names the filter takes, in the order of one of its tables; undefined
 * where it has no such table. Only pieces of the table are in memory at a time. ParseError for broken tables.
 */
export function* functionsOf(
  file: LinkedFile,
  tableType: number,
  filter: NameFilter,
): Generator<FunctionSymbol, boolean> {
  const table = file.ofType(tableType);
  if (table === undefined) return false;
  const names = file.sections[table.link];
  // Symbols without names are none that a filter takes.
  if (names === undefined) return true;
  const nameAt =
    'stem' in filter ? namesWithStem(file, names, filter.stem) : namesThatMatch(file, names, filter.matches);
  for (const symbol of symbolsOf(file, table)) {
    if (symbol.type !== Elf.STT_FUNC || symbol.sectionIndex === Elf.SHN_UNDEF) continue;
    const section = file.sections[symbol.sectionIndex];
    if (section === undefined) continue;
    const name = nameAt(symbol.nameOffset);
    if (name === undefined) continue;
    const fileOffset = symbol.value - section.address + section.offset;
    yield { name, binding: symbol.binding, fileOffset, index: symbol.index };
  }
  return true;
}

interface RawSymbol {
  readonly index: number;
  readonly nameOffset: number;
  readonly type: number;
  readonly binding: number;
  readonly sectionIndex: number;
  readonly value: number;
}

function* symbolsOf(file: LinkedFile, table: LinkedSection): Generator<RawSymbol> {
  const { symbolSize, littleEndian } = file;
  const count = Math.floor(table.size / symbolSize);
  const perPiece = Math.floor(pieceSize / symbolSize);
  for (let first = 0; first < count; first += perPiece) {
    const length = Math.min(perPiece, count - first) * symbolSize;
    const bytes = file.contents(table, { offset: first * symbolSize, length });
    const reader = new ByteReader(bytes, { format: 'ELF', littleEndian, base: table.offset });
    for (let at = 0; at < length; at += symbolSize) {
      reader.seek(at);
      const nameOffset = reader.u32();
      const isWide = file.bits === 64;
      const early = isWide ? -1 : reader.u32();
      if (!isWide) reader.skip(4);
      const info = reader.u8();
      reader.skip(1);
      const sectionIndex = reader.u16();
      const value = isWide ? Number(reader.u64()) : early;
      yield { index: first + at / symbolSize, nameOffset, type: info & 15, binding: info >> 4, sectionIndex, value };
    }
  }
}

type NameLookup = (offset: number) => string | undefined;

/** Finds a name in the table before any symbol is looked at: names share endings, so it may stand within another. */
function namesWithStem(file: LinkedFile, names: LinkedSection, stem: string): NameLookup {
  const found = new Map<number, string>();
  const needle = Buffer.from(stem, 'utf8');
  const step = Math.max(pieceSize, needle.length * 2);
  for (let start = 0; start < names.size; start += step) {
    const length = Math.min(step + needle.length, names.size - start);
    const piece = Buffer.from(file.contents(names, { offset: start, length }));
    for (let at = piece.indexOf(needle); at >= 0; at = piece.indexOf(needle, at + 1)) {
      const after = piece[at + needle.length];
      if (after === 0) found.set(start + at, stem);
      else if (after === 0x40) found.set(start + at, file.text(names, start + at));
    }
  }
  return (offset) => found.get(offset);
}

function namesThatMatch(file: LinkedFile, names: LinkedSection, matches: (name: string) => boolean): NameLookup {
  const bytes = file.contents(names);
  return (offset) => {
    if (offset >= bytes.length) return undefined;
    const end = bytes.indexOf(0, offset);
    const name = cstr(bytes.subarray(offset, end < 0 ? bytes.length : end));
    return matches(name) ? name : undefined;
  };
}

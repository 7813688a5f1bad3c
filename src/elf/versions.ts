import { ByteReader } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { Elf } from './constants.ts';
import type { LinkedFile, LinkedSection } from './linked.ts';

/** The bit of symbols that only whoever names the version gets. */
const hiddenBit = 0x8000;
const definitionSize = 20;

/**
 * Names of the versions of a library's dynamic symbols, by the symbol's number: `GLIBC_2.2.5`. Undefined for symbols, and
 * in files, without. ParseError for broken tables. Source of the layouts: the Linux Standard Base, symbol versioning.
 */
export function symbolVersions(file: LinkedFile): (symbolIndex: number) => string | undefined {
  const numbers = file.ofType(Elf.SHT_GNU_versym);
  const definitions = file.ofType(Elf.SHT_GNU_verdef);
  if (numbers === undefined || definitions === undefined) return () => undefined;
  const names = readDefinitions(file, definitions);
  return (symbolIndex) => {
    if ((symbolIndex + 1) * 2 > numbers.size) return undefined;
    const [low = 0, high = 0] = file.contents(numbers, { offset: symbolIndex * 2, length: 2 });
    const word = file.littleEndian ? low | (high << 8) : high | (low << 8);
    return names.get(word & ~hiddenBit);
  };
}

/** Name by number of a version. */
function readDefinitions(file: LinkedFile, section: LinkedSection): Map<number, string> {
  const strings = file.sections[section.link];
  if (strings === undefined) throw new ParseError('ELF', section.offset, 'expected the names of versions');
  const { littleEndian } = file;
  const reader = new ByteReader(file.contents(section), { format: 'ELF', littleEndian, base: section.offset });
  const names = new Map<number, string>();
  for (let at = 0; at + definitionSize <= reader.length; ) {
    reader.seek(at + 4);
    const number = reader.u16();
    reader.seek(at + 12);
    const nameRecord = reader.u32();
    const next = reader.u32();
    reader.seek(at + nameRecord);
    const nameOffset = reader.u32();
    // The first of a number counts, as for libbpf.
    if (!names.has(number)) names.set(number, file.text(strings, nameOffset));
    if (next === 0) break;
    at += next;
  }
  return names;
}

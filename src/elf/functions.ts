import { Elf } from './constants.ts';
import { type ElfFile, type ElfSymbol, readSymbols } from './file.ts';

/** A function of a program or library. */
export interface FunctionSymbol {
  /** May end in `@VERSION` or `@@VERSION`, in static symbol tables. */
  readonly name: string;
  /** STB_* */
  readonly binding: number;
  /** Where its code is in the file, bytes; what probes are placed by. */
  readonly fileOffset: number;
}

/** The functions of a linked file, by symbol table: dynamic first, then static. Tables it lacks are left out. */
export function functionSymbols(file: ElfFile): FunctionSymbol[][] {
  const tables: FunctionSymbol[][] = [];
  for (const type of [Elf.SHT_DYNSYM, Elf.SHT_SYMTAB]) {
    const section = file.sections.find((candidate) => candidate.type === type);
    if (!section) continue;
    const symbols = readSymbols(section, file.sections, file.littleEndian);
    tables.push(symbols.filter(isDefinedFunction(file)).map((symbol) => locate(file, symbol)));
  }
  return tables;
}

function isDefinedFunction(file: ElfFile): (symbol: ElfSymbol) => boolean {
  return ({ type, sectionIndex }) =>
    type === Elf.STT_FUNC && sectionIndex !== Elf.SHN_UNDEF && sectionIndex < file.sections.length;
}

function locate(file: ElfFile, symbol: ElfSymbol): FunctionSymbol {
  const section = file.sections[symbol.sectionIndex]!;
  return {
    name: symbol.name,
    binding: symbol.binding,
    fileOffset: symbol.value - section.address + section.offset,
  };
}

export { Elf } from './constants.ts';
export { isElf, parseElf, readRelocations } from './file.ts';
export type { ElfFile, ElfRelocation, ElfSection, ElfSymbol } from './file.ts';
export { type FunctionSymbol, functionSymbols } from './functions.ts';
export { type ElfNote, readNotes } from './notes.ts';
export { type ElfSegment, loadedSegments } from './segments.ts';

export { type BtfOfFile, btfOf, type FileBtf } from './btf-section.ts';
export { Elf, elfRecordSizes, Rbpf } from './constants.ts';
export { isElf, parseElf, readRelocations } from './file.ts';
export type { ElfFile, ElfRelocation, ElfSection, ElfSymbol } from './file.ts';
export { type FunctionSymbol, functionsOf, FunctionTable, type NameFilter } from './functions.ts';
export { type ElfSegment, LinkedFile, type LinkedSection } from './linked.ts';
export { type ElfNote, readNotes } from './notes.ts';
export { symbolVersions } from './versions.ts';

import type { ElfInput, InputSection } from './elf-input.ts';
import type { ExtInput } from './ext-input.ts';
import type { SourceSection } from './sections.ts';
import type { SourceTypes } from './source-types.ts';
import type { InputSymbol } from './symbols.ts';

/** An object file as the linker reads it. */
export interface SourceObject {
  readonly name: string;
  readonly elf: ElfInput;
  readonly littleEndian: boolean;
  /** By index in the file; those that only BTF knows follow. Index 0 stands for no section. */
  readonly sections: SourceSection[];
  readonly symbolTable: InputSection;
  readonly symbols: readonly InputSymbol[];
  readonly types: SourceTypes | undefined;
  readonly ext: ExtInput | undefined;
}

/** Sections of DWARF, which a linked object goes without. */
export const isDebugInfo = (name: string) => name.startsWith('.debug_');

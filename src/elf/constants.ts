/** ELF numbers the project refers to (elf(5)). */
export const Elf = {
  ET_REL: 1,
  ET_EXEC: 2,
  ET_DYN: 3,
  EM_NONE: 0,
  EM_BPF: 247,
  SHT_NULL: 0,
  SHT_PROGBITS: 1,
  SHT_SYMTAB: 2,
  SHT_STRTAB: 3,
  SHT_RELA: 4,
  SHT_NOTE: 7,
  SHT_NOBITS: 8,
  SHT_REL: 9,
  SHT_DYNSYM: 11,
  SHT_LLVM_ADDRSIG: 0x6fff4c03,
  SHT_GNU_verdef: 0x6ffffffd,
  SHT_GNU_versym: 0x6fffffff,
  PT_LOAD: 1,
  PF_X: 1,
  SHF_WRITE: 1,
  SHF_ALLOC: 2,
  SHF_EXECINSTR: 4,
  SHN_UNDEF: 0,
  SHN_LORESERVE: 0xff00,
  SHN_XINDEX: 0xffff,
  STB_LOCAL: 0,
  STB_GLOBAL: 1,
  STB_WEAK: 2,
  STT_NOTYPE: 0,
  STT_OBJECT: 1,
  STT_FUNC: 2,
  STT_SECTION: 3,
  STT_GNU_IFUNC: 10,
  STV_DEFAULT: 0,
  STV_INTERNAL: 1,
  STV_HIDDEN: 2,
} as const;

/** Kinds of relocations of BPF objects (R_BPF_*). */
export const Rbpf = { R_BPF_64_64: 1, R_BPF_64_ABS64: 2, R_BPF_64_ABS32: 3, R_BPF_64_32: 10 } as const;

/** Bytes of a record of the section types whose contents libelf knows, of files of 64 bits; a section holds whole ones. */
export const elfRecordSizes: Readonly<Record<number, number>> = {
  [Elf.SHT_SYMTAB]: 24,
  [Elf.SHT_DYNSYM]: 24,
  [Elf.SHT_RELA]: 24,
  [Elf.SHT_REL]: 16,
  5: 4, // SHT_HASH
  6: 16, // SHT_DYNAMIC
  14: 8, // SHT_INIT_ARRAY
  15: 8, // SHT_FINI_ARRAY
  16: 8, // SHT_PREINIT_ARRAY
  17: 4, // SHT_GROUP
  18: 4, // SHT_SYMTAB_SHNDX
};

import { Elf, Rbpf } from '../elf/index.ts';
import { Errno } from '../errors/index.ts';
import { type DiagnosticLog, failure, ObjectError } from '../object/index.ts';
import {
  extKinds,
  extStringWords,
  extTypeWords,
  Kind,
  kindArray,
  kindConst,
  kindDatasec,
  kindDeclTag,
  kindEnum,
  kindEnum64,
  kindFloat,
  kindFunc,
  kindFuncProto,
  kindFwd,
  kindInt,
  kindPtr,
  kindRestrict,
  kindStruct,
  kindTypeTag,
  kindTypedef,
  kindUnion,
  kindVar,
  kindVolatile,
} from '../btf/index.ts';
import { type InputSection, relocationSize } from './elf-input.ts';
import type { ExtInput, SectionRecords } from './ext-input.ts';
import { isContents, isExecutable, newSourceSection, type SourceSection } from './sections.ts';
import type { SourceTypes } from './source-types.ts';
import { isDebugInfo, type SourceObject } from './source-object.ts';
import { readable } from './strings.ts';
import { type InputSymbol, symbolSize, visibilityOf } from './symbols.ts';
import { countAt, kindAt, linkageOf, nameTextOf } from './type-records.ts';

const instructionSize = 8;
const knownRelocations: ReadonlySet<number> = new Set(Object.values(Rbpf));
/** The DATASEC of externs that are not annotated: they are resolved by linking, and are in no section. */
const externSection = '.extern';

/**
 * Refuses what a linked object could not be made of, and gives BTF what compilers leave out: sizes of sections and offsets
 * of global variables. ObjectError, after libbpf's warnings. Source: linker_sanity_check_elf, linker_fixup_btf of libbpf.
 */
export function checkSource(source: SourceObject, log: DiagnosticLog): void {
  const bad = (text: string) => failure(log, Errno.EINVAL, text);
  for (const section of source.sections) {
    if (section.elf !== undefined) checkSection(source, section, section.elf, bad);
  }
  const { types, ext } = source;
  if (types !== undefined) checkTypes(types);
  if (ext !== undefined) {
    if (types === undefined) throw silent('.BTF.ext without .BTF');
    checkExt(ext, types);
  }
  if (types !== undefined) completeSections(source, types, log);
}

type Bad = (text: string) => ObjectError;

/** libbpf refuses without a word. */
const silent = (text: string) => new ObjectError(text, Errno.EINVAL);

function checkSection(source: SourceObject, section: SourceSection, header: InputSection, bad: Bad): void {
  const { name, elf } = source;
  const at = `ELF section #${header.index}`;
  if (section.name === '') throw bad(`${at} has empty name in ${name}`);
  if (isDebugInfo(section.name)) return;
  const { alignment } = header;
  // 0 and 1 both mean that there is none.
  if (alignment !== 0n && (alignment & (alignment - 1n)) !== 0n) {
    throw bad(`${at} alignment ${alignment} is non pow-of-2 alignment in ${name}`);
  }
  const inFile = elf.dataAlignment(header);
  if (alignment !== inFile) throw bad(`${at} has inconsistent alignment addr=${alignment} != d=${inFile} in ${name}`);
  switch (header.type) {
    case Elf.SHT_SYMTAB:
      checkSymbols(source, header, bad);
      return;
    case Elf.SHT_PROGBITS:
      // Functions are appended as whole instructions.
      if (isExecutable(section) && header.size % instructionSize !== 0) {
        throw bad(`${at} has unexpected size alignment ${header.size} in ${name}`);
      }
      return;
    case Elf.SHT_REL:
      checkRelocations(source, section, header, bad);
      return;
    case Elf.SHT_STRTAB:
    case Elf.SHT_NOBITS:
    case Elf.SHT_LLVM_ADDRSIG:
      return;
    default:
      throw bad(`${at} (${readable(section.name)}) has unrecognized type ${header.type} in ${name}`);
  }
}

function checkSymbols(source: SourceObject, header: InputSection, bad: Bad): void {
  const { name, sections, symbols } = source;
  if (header.entrySize !== symbolSize || header.size % symbolSize !== 0) {
    throw silent(`symbols of ${header.entrySize} bytes in ${name}`);
  }
  const at = `ELF SYMTAB section #${header.index}`;
  const names = header.link === 0 ? undefined : sections[header.link];
  if (names === undefined) throw bad(`${at} points to missing STRTAB section #${header.link} in ${name}`);
  // The link of a symbol table is the section of its names.
  if (names.elf?.type !== Elf.SHT_STRTAB) {
    throw bad(`${at} points to invalid STRTAB section #${header.link} in ${name}`);
  }
  for (const [i, symbol] of symbols.entries()) {
    if (i > 0) checkSymbol(source, symbol, i, bad);
    // Every ELF symbol table begins with an entry of zeros.
    else if (!isNull(symbol)) throw bad(`ELF sym #0 is invalid in ${name}`);
  }
}

function isNull({ nameOffset, type, binding, other, section, value, size }: InputSymbol): boolean {
  return nameOffset + type + binding + other + section === 0 && value === 0n && size === 0n;
}

function checkSymbol(source: SourceObject, symbol: InputSymbol, i: number, bad: Bad): void {
  const { name, sections, symbolTable } = source;
  const { type, binding, section, value, size } = symbol;
  const at = `ELF sym #${i} in section #${symbolTable.index}`;
  // libbpf takes STB_LOCAL, STB_GLOBAL and STB_WEAK.
  if (binding > Elf.STB_WEAK) throw bad(`${at} has unsupported symbol binding ${binding}`);
  const visibility = visibilityOf(symbol);
  if (visibility !== Elf.STV_DEFAULT && visibility !== Elf.STV_HIDDEN) {
    throw bad(`${at} has unsupported symbol visibility ${visibility}`);
  }
  // An extern has neither a place nor a size; its type is in BTF only.
  if (section === Elf.SHN_UNDEF) {
    const isPlain = type === Elf.STT_NOTYPE && binding !== Elf.STB_LOCAL && value === 0n && size === 0n;
    if (!isPlain) throw bad(`ELF sym #${i} is invalid extern symbol in ${name}`);
    return;
  }
  if (section < Elf.SHN_LORESERVE && section >= sections.length) {
    throw bad(`${at} points to missing section #${section} in ${name}`);
  }
  if (type === Elf.STT_SECTION && value !== 0n) throw silent(`${at} is of a section and has a value in ${name}`);
}

function checkRelocations(source: SourceObject, section: SourceSection, header: InputSection, bad: Bad): void {
  const { name, sections, symbolTable, symbols } = source;
  if (header.entrySize !== relocationSize || header.size % relocationSize !== 0) {
    throw silent(`relocations of ${header.entrySize} bytes in ${name}`);
  }
  const at = `ELF relo section #${header.index}`;
  if (header.link !== symbolTable.index) {
    throw bad(`${at} points to invalid SYMTAB section #${header.link} in ${name}`);
  }
  const relocated = header.info === 0 ? undefined : sections[header.info];
  if (relocated === undefined) throw bad(`${at} points to missing section #${header.info} in ${name}`);
  // Sections of the output are joined by name, and those of relocations with them.
  if (section.name !== `.rel${relocated.name}`) throw bad(`${at} name has invalid name in ${name}`);
  if (relocated.skipped) return;
  if (!isContents(relocated.elf?.type ?? Elf.SHT_NULL)) {
    throw bad(`${at} points to invalid section #${header.info} in ${name}`);
  }
  const view = new DataView(section.contents.buffer, section.contents.byteOffset, section.contents.byteLength);
  for (let i = 0; i * relocationSize < section.contents.length; i++) {
    const offset = view.getBigUint64(i * relocationSize, source.littleEndian);
    // Elf64_Rel: the offset, then the symbol in the high and the type in the low half of r_info.
    const info = view.getBigUint64(i * relocationSize + 8, source.littleEndian);
    const [type, symbol] = [Number(info & 0xffff_ffffn), Number(info >> 32n)];
    const one = `ELF relo #${i} in section #${header.index}`;
    if (!knownRelocations.has(type)) throw bad(`${one} has unexpected type ${type} in ${name}`);
    if (symbol === 0 || symbol >= symbols.length) throw bad(`${one} points to invalid symbol #${symbol} in ${name}`);
    if (isExecutable(relocated) && offset % BigInt(instructionSize) !== 0n) {
      throw bad(`${one} points to missing symbol #${symbol} in ${name}`);
    }
  }
}

/**
 * Refuses what libbpf's reader of BTF leaves open: kinds that only a layout describes, and the results of functions. Notes
 * the types that are not simply carried over.
 */
function checkTypes(types: SourceTypes): void {
  const { words, starts, typeCount, notable } = types;
  for (let id = 1; id <= typeCount; id++) {
    const at = starts[id]!;
    const info = words[at + 1]!;
    switch ((info >>> 24) & 0x7f) {
      case kindFuncProto:
      case kindFwd:
        if (words[at + 2]! > typeCount) throw silent(`type ${id} refers to ${words[at + 2]}, there are ${typeCount}`);
        break;
      case kindVar:
        // The fourth word of a variable is its linkage, 0 if it is static.
        if (words[at + 3] !== 0) notable.push(id);
        break;
      case kindFunc:
        // The linkage of a function stands where others have their count of members.
        if ((info & 0xff_ffff) !== 0) notable.push(id);
        break;
      case kindDatasec:
        notable.push(id);
        break;
      case kindInt:
      case kindPtr:
      case kindArray:
      case kindStruct:
      case kindUnion:
      case kindEnum:
      case kindTypedef:
      case kindVolatile:
      case kindConst:
      case kindRestrict:
      case kindFloat:
      case kindDeclTag:
      case kindTypeTag:
      case kindEnum64:
        break;
      default:
        throw silent(`type ${id} is of an unknown kind`);
    }
  }
}

function checkExt(ext: ExtInput, types: SourceTypes): void {
  for (const kind of extKinds) {
    for (const records of ext[kind]) {
      const id = wordsOf(records, extTypeWords[kind]).find((one) => one > types.typeCount);
      if (id !== undefined) throw silent(`.BTF.ext: there is no type ${id}`);
    }
  }
  for (const kind of extKinds) {
    for (const records of ext[kind]) {
      const offsets = [records.name, ...wordsOf(records, extStringWords[kind])];
      const offset = offsets.find((one) => one >= types.stringEnd);
      if (offset !== undefined) throw silent(`.BTF.ext: there is no string ${offset}`);
    }
  }
}

/** Some words of each record. */
function wordsOf({ words, recordSize }: SectionRecords, indexes: readonly number[]): number[] {
  const found: number[] = [];
  for (let at = 0; at < words.length; at += recordSize) for (const index of indexes) found.push(words[at + index]!);
  return found;
}

/** Words before the variables, and words of each: type, offset, size. */
const datasecHead = 3;
const variableWords = 3;

function completeSections(source: SourceObject, types: SourceTypes, log: DiagnosticLog): void {
  const { sections } = source;
  const noContents = new Uint8Array(0);
  const nowhere = sections[0]!.target;
  const byName = new Map<string, SourceSection>();
  for (const section of sections.slice(1)) if (!byName.has(section.name)) byName.set(section.name, section);
  const symbolOf = objectSymbols(source);
  for (const id of types.notable) {
    if (kindAt(types, id) !== Kind.datasec) continue;
    const name = nameTextOf(types, id);
    let section = byName.get(name);
    if (section?.elf !== undefined) {
      // Compilers leave the size of a DATASEC open, as only the ELF section has it.
      types.words[types.starts[id]! + 2] = section.elf.size % 2 ** 32;
    } else if (section === undefined) {
      if (name === externSection) continue;
      // No ELF section stands for it: it holds what is known of externs such as `.kconfig` and `.ksyms`.
      section = newSourceSection({ name, elf: undefined, contents: noContents, target: nowhere });
      sections.push(section);
      byName.set(name, section);
    }
    section.typeId = id;
    for (let i = 0, at = types.starts[id]! + datasecHead; i < countAt(types, id); i++, at += variableWords) {
      const variable = types.words[at]!;
      if (kindAt(types, variable) !== Kind.var || linkageOf(types, variable) !== 1) continue;
      const own = nameTextOf(types, variable);
      const symbol = symbolOf(section.elf?.index ?? 0, own);
      if (symbol === undefined) {
        const text = `failed to find symbol for variable '${readable(own)}' in section '${readable(name)}'`;
        throw failure(log, Errno.ENOENT, text);
      }
      types.words[at + 1] = Number(BigInt.asUintN(32, symbol.value));
    }
  }
}

/** Finds the variable of a name in a section. A name that cannot be read ends the search of its section, as in libbpf. */
function objectSymbols({ elf, symbols, symbolTable }: SourceObject) {
  const found = new Map<string, InputSymbol | undefined>();
  const ended = new Set<number>();
  for (const symbol of symbols) {
    if (symbol.type !== Elf.STT_OBJECT || ended.has(symbol.section)) continue;
    let name: string;
    try {
      name = elf.text(symbolTable.link, symbol.nameOffset);
    } catch {
      ended.add(symbol.section);
      continue;
    }
    const key = `${symbol.section} ${name}`;
    if (!found.has(key)) found.set(key, symbol);
  }
  return (section: number, name: string) => found.get(`${section} ${name}`);
}

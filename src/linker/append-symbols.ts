import { Elf } from '../elf/index.ts';
import { Errno } from '../errors/index.ts';
import { failure, ObjectError } from '../object/index.ts';
import { completeDefinition } from './complete-types.ts';
import type { GlobalSymbol } from './globals.ts';
import { checkSameSymbol } from './match-symbols.ts';
import type { Output } from './output.ts';
import { elfIndex, type SourceSection } from './sections.ts';
import type { SourceObject } from './source-object.ts';
import type { SymbolTypes } from './source-types.ts';
import { readable } from './strings.ts';
import { type InputSymbol, setVisibility, visibilityOf } from './symbols.ts';

/** A symbol on its way into the output. */
interface Arrival {
  readonly source: SourceObject;
  readonly symbol: InputSymbol;
  readonly index: number;
  readonly name: string;
  /** Where it is defined; undefined for externs of no section, and for absolute values. */
  readonly section: SourceSection | undefined;
}

const jumpTables = '.jumptables';
const unannotatedExterns = '.extern';

/**
 * Appends symbols, and resolves those that other files know too. Returns the output's index of each symbol, 0 for those
 * left out. ObjectError, after libbpf's warnings, where symbols conflict. Source: linker_append_elf_syms of libbpf.
 */
export function appendSymbols(output: Output, source: SourceObject): Uint32Array {
  const indexes = new Uint32Array(source.symbols.length);
  for (const [index, symbol] of source.symbols.entries()) {
    if (index === 0) continue;
    let name: string;
    try {
      name = source.elf.text(source.symbolTable.link, symbol.nameOffset);
    } catch (cause) {
      const text = `can't fetch symbol name for symbol #${index} in '${source.name}'`;
      throw failure(output.log, Errno.EINVAL, text, { cause });
    }
    indexes[index] = appendSymbol(output, source, { symbol, index, name });
  }
  return indexes;
}

function appendSymbol(
  output: Output,
  source: SourceObject,
  { symbol, index, name }: Pick<Arrival, 'symbol' | 'index' | 'name'>,
): number {
  const isExtern = symbol.section === Elf.SHN_UNDEF;
  if (isExtern && source.types === undefined) {
    throw failure(output.log, Errno.EOPNOTSUPP, 'externs without BTF info are not supported');
  }
  const isPlaced = !isExtern && symbol.section < Elf.SHN_LORESERVE;
  const section = isPlaced ? source.sections[symbol.section]! : undefined;
  if (section?.skipped) return 0;
  // One STT_SECTION symbol stands for a section, whatever files it is made of.
  if (symbol.type === Elf.STT_SECTION && section !== undefined && section.target.symbol !== 0) {
    return section.target.symbol;
  }
  const arrival = { source, symbol, index, name, section };
  if (section?.name === jumpTables || symbol.binding === Elf.STB_LOCAL) return addSymbol(output, arrival);
  const types = typesOf(output, arrival);
  const place = isExtern && types.sectionId !== 0 ? externSection(output, source, types.sectionId) : section;
  const known = output.globals.find(name);
  if (known === undefined) return addSymbol(output, { ...arrival, section: place });
  resolve(output, { ...arrival, section: place }, known, types.typeId);
  return known.symbol;
}

/** What BTF says of a symbol that other files may know; libbpf refuses it without. */
function typesOf({ log }: Output, { source, name }: Arrival): SymbolTypes {
  if (source.types === undefined) {
    throw failure(log, Errno.EINVAL, `failed to find BTF info for object '${source.name}'`);
  }
  const found = source.types.ofSymbol(name);
  if (found === undefined) {
    throw failure(log, Errno.ENOENT, `failed to find BTF info for global/extern symbol '${readable(name)}'`);
  }
  if (!('ambiguous' in found)) return found;
  const [first, second] = found.ambiguous;
  const text = `global/extern '${readable(name)}' BTF is ambiguous: both types #${first} and #${second} match`;
  throw failure(log, Errno.EINVAL, text);
}

/** Externs of `.ksyms`, `.kconfig` and `.maps` belong to the section; clang gathers those that are not annotated in one of no use. */
function externSection({ log }: Output, { types, sections }: SourceObject, id: number): SourceSection | undefined {
  const name = types!.text(types!.words[types!.starts[id]!]!);
  if (name === unannotatedExterns) return undefined;
  const section = sections.slice(1).find((one) => one.name === name);
  if (section === undefined) throw failure(log, Errno.ENOENT, `failed to find matching ELF sec '${readable(name)}'`);
  return section;
}

function addSymbol(output: Output, { symbol, name, section }: Arrival): number {
  const index = output.symbols.length;
  const isSection = symbol.type === Elf.STT_SECTION && section !== undefined;
  output.symbols.push({
    name: output.names.addText(name),
    type: symbol.type,
    binding: symbol.binding,
    other: symbol.other,
    section: section === undefined ? symbol.section : elfIndex(section.target),
    value: isSection ? 0n : symbol.value + BigInt(section?.targetOffset ?? 0),
    size: symbol.size,
  });
  if (isSection) section.target.symbol = index;
  if (symbol.binding !== Elf.STB_LOCAL) {
    output.globals.add(name, {
      symbol: index,
      sectionId: section?.target.id ?? 0,
      isExtern: symbol.section === Elf.SHN_UNDEF,
      isWeak: symbol.binding === Elf.STB_WEAK,
    });
  }
  return index;
}

/** Brings a symbol together with the one of its name that is known: definitions win over externs, strong over weak. */
function resolve(output: Output, arrival: Arrival, known: GlobalSymbol, typeId: number): void {
  const { source, symbol, index, name, section } = arrival;
  const isExtern = symbol.section === Elf.SHN_UNDEF;
  const isWeak = symbol.binding === Elf.STB_WEAK;
  if (!isExtern && !known.isExtern && !known.isWeak && !isWeak) {
    const text = `conflicting non-weak symbol #${index} (${readable(name)}) definition in '${source.name}'`;
    throw failure(output.log, Errno.EINVAL, text);
  }
  checkSameSymbol({ output, types: source.types!, name: readable(name), known, typeId });
  const target = output.symbols[known.symbol]!;
  if (symbol.binding === Elf.STB_GLOBAL) {
    target.binding = Elf.STB_GLOBAL;
    known.isWeak = false;
  }
  // The stricter visibility stays, even where an extern asks for it.
  const visibility = visibilityOf(symbol);
  if (visibility > visibilityOf(target)) setVisibility(target, visibility);
  if (isExtern || (!known.isExtern && isWeak)) return;
  if (section === undefined) {
    throw new ObjectError(`symbol '${readable(name)}' is defined in no section of '${source.name}'`, Errno.EINVAL);
  }
  target.type = symbol.type;
  target.section = elfIndex(section.target);
  target.value = symbol.value + BigInt(section.targetOffset);
  target.size = symbol.size;
  known.sectionId = section.target.id;
  known.isExtern = false;
  completeDefinition({ linked: output.types, id: known.typeId }, { types: source.types!, id: typeId });
  known.underlyingId = 0;
}

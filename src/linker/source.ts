import { BtfRecordError, problemOf, RecordView } from '../btf/index.ts';
import { type ByteSource, sourceOf } from '../bytes/index.ts';
import { Elf } from '../elf/index.ts';
import { Errno, ParseError } from '../errors/index.ts';
import { type DiagnosticLog, errorText, failure, ObjectError } from '../object/index.ts';
import { checkSource } from './check-source.ts';
import { isDebugInfo, type SourceObject } from './source-object.ts';
import { ElfInput, ElfProblem, type InputSection } from './elf-input.ts';
import { type ExtInput, readExt } from './ext-input.ts';
import { newSourceSection, type OutputSection, type SourceSection } from './sections.ts';
import { SourceTypes } from './source-types.ts';
import { readable } from './strings.ts';
import { readSymbols } from './symbols.ts';

/** An object file to be linked. */
export interface LinkInput {
  /** What messages call it, such as its path. */
  readonly name: string;
  /** The file, or what parts of it can be read from: debug information is never asked for. */
  readonly bytes: Uint8Array | ByteSource;
}

/** What the reader of a file has to know of the output. */
export interface SourceSurroundings {
  readonly log: DiagnosticLog;
  /** The output's section that stands for none: where sections are that go nowhere. */
  readonly nowhere: OutputSection;
  /** Called with the byte order of the file before anything else of it is read. */
  readonly agreeOnOrder: (littleEndian: boolean) => void;
}

const SHT_LLVM_ADDRSIG = Elf.SHT_LLVM_ADDRSIG;

/**
 * Reads and checks one object file. ObjectError, after libbpf's warnings, where libbpf would refuse it.
 * Source: linker_load_obj_file of libbpf.
 */
export function readSource(input: LinkInput, { log, nowhere, agreeOnOrder }: SourceSurroundings): SourceObject {
  const { name } = input;
  log('debug', `linker: adding object file '${name}'...`);
  const elf = asked(log, `failed to get ELF header for ${name}`, () => new ElfInput(asSource(input.bytes)));
  agreeOnOrder(elf.littleEndian);
  // Unlike the loader, the linker does not take EM_NONE.
  if (elf.type !== Elf.ET_REL || elf.machine !== Elf.EM_BPF) {
    throw failure(log, Errno.EOPNOTSUPP, `unsupported kind of ELF file ${name}: no error`);
  }
  const namesIndex = asked(log, `failed to get SHSTRTAB section index for ${name}`, () => elf.namesIndex());
  const draft = readSections(elf, { name, namesIndex, log, nowhere });
  const { sections, symbolTable, btf, ext } = draft;
  const table = symbolTable === undefined ? undefined : sections[symbolTable.index];
  if (symbolTable === undefined || table === undefined) {
    throw failure(log, Errno.EINVAL, `ELF is missing SYMTAB section in ${name}`);
  }
  if (namesIndex === 0) {
    throw failure(log, Errno.EINVAL, `ELF is missing section headers STRTAB section in ${name}`);
  }
  const symbols = readSymbols(table.contents, elf.littleEndian);
  const types = btf === undefined ? undefined : new SourceTypes(btf);
  const source = { name, elf, littleEndian: elf.littleEndian, sections, symbolTable, symbols, types, ext };
  checkSource(source, log);
  return source;
}

/** Runs what libelf might refuse; its words follow `text` then. */
function asked<T>(log: DiagnosticLog, text: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (!(cause instanceof ElfProblem)) throw cause;
    throw failure(log, Errno.EINVAL, `${text}: ${cause.message}`, { cause });
  }
}

const asSource = (bytes: Uint8Array | ByteSource) => (bytes instanceof Uint8Array ? sourceOf(bytes) : bytes);

interface Draft {
  readonly sections: SourceSection[];
  symbolTable: InputSection | undefined;
  btf: RecordView | undefined;
  ext: ExtInput | undefined;
}

function readSections(
  elf: ElfInput,
  { name, namesIndex, log, nowhere }: { name: string; namesIndex: number; log: DiagnosticLog; nowhere: OutputSection },
): Draft {
  const nothing = new Uint8Array(0);
  const draft: Draft = {
    sections: [newSourceSection({ name: '', elf: undefined, contents: nothing, target: nowhere })],
    symbolTable: undefined,
    btf: undefined,
    ext: undefined,
  };
  for (const header of elf.sections) {
    const where = `section #${header.index}`;
    const text = asked(log, `failed to get ${where} name for ${name}`, () => elf.text(namesIndex, header.nameOffset));
    const skipped = isIgnored(text, header);
    const contents = asked(log, `failed to get ${where} (${readable(text)}) data from ${name}`, () => {
      elf.checkContents(header);
      return skipped ? nothing : elf.contents(header);
    });
    const added = newSourceSection({ name: text, elf: header, contents, target: nowhere });
    draft.sections.push(added);
    added.skipped = skipped;
    if (!skipped) takeSection(draft, { added, header, name, log });
  }
  return draft;
}

function takeSection(
  draft: Draft,
  { added, header, name, log }: { added: SourceSection; header: InputSection; name: string; log: DiagnosticLog },
): void {
  switch (header.type) {
    case Elf.SHT_SYMTAB:
      if (draft.symbolTable !== undefined) {
        throw failure(log, Errno.EOPNOTSUPP, 'multiple SYMTAB sections found, not supported');
      }
      draft.symbolTable = header;
      return;
    case Elf.SHT_PROGBITS:
      if (added.name === '.BTF') {
        draft.btf = readBtf(added.contents, name, log);
        added.skipped = true;
      } else if (added.name === '.BTF.ext') {
        draft.ext = readExtOf(added.contents, name, log);
        added.skipped = true;
      }
      return;
    case Elf.SHT_NOBITS:
    case Elf.SHT_REL:
      return;
    default:
      throw failure(log, Errno.EINVAL, `unrecognized section #${header.index} (${readable(added.name)}) in ${name}`);
  }
}

/** Sections that a linked object has no use for, or gets anew. */
function isIgnored(name: string, { type, size }: InputSection): boolean {
  if (type === Elf.SHT_STRTAB || type === SHT_LLVM_ADDRSIG) return true;
  if (type === Elf.SHT_PROGBITS && size === 0 && name === '.text') return true;
  if (isDebugInfo(name)) return true;
  if (!name.startsWith('.rel')) return false;
  const relocated = name.slice('.rel'.length);
  return isDebugInfo(relocated) || relocated === '.BTF' || relocated === '.BTF.ext';
}

function readBtf(bytes: Uint8Array, name: string, log: DiagnosticLog): RecordView {
  const refuse = (cause?: unknown) =>
    failure(log, Errno.EINVAL, `failed to parse .BTF from ${name}: ${errorText(Errno.EINVAL)}`, { cause });
  let btf: RecordView;
  try {
    btf = new RecordView(bytes);
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    if (cause instanceof BtfRecordError) log('warn', cause.warning);
    throw refuse(cause);
  }
  const problem = problemOf(btf);
  if (problem !== undefined) {
    log('warn', problem);
    throw refuse();
  }
  return btf;
}

function readExtOf(bytes: Uint8Array, name: string, log: DiagnosticLog): ExtInput {
  try {
    return readExt(bytes, (text) => log('warn', text));
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    const { errno } = cause;
    throw failure(log, errno, `failed to parse .BTF.ext from '${name}': ${errorText(errno)}`, { cause });
  }
}

// Types and the records about instructions that come with them. Only what cannot do without BTF fails with it: maps
// that are declared by types, struct_ops, and externs. Source: libbpf.c, bpf_object__init_btf.
import {
  BtfEdit,
  coreRecord,
  decodeRecords,
  type ExtRecords,
  problemOf,
  type RawBtfExt,
  readBtfExt,
} from '../btf/index.ts';
import { Elf, type ElfSection } from '../elf/index.ts';
import { ParseError, Errno } from '../errors/index.ts';
import { type ObjectDraft, programAt } from './draft.ts';
import { errorText, failure, ObjectError, tell } from './failure.ts';
import type { ObjectSpec, SectionRecords } from './spec.ts';

/** Reads .BTF and .BTF.ext into the draft; objects that cannot do without them are refused in libbpf's words. */
export function readBtf(draft: ObjectDraft, btf: ElfSection | undefined, ext: ElfSection | undefined): void {
  const { log } = draft;
  let problem: ParseError | undefined;
  if (btf) {
    try {
      draft.btf = soundBtf(draft, btf.bytes);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      problem = error;
      log('warn', 'Error loading ELF section .BTF: -EINVAL.');
    }
  }
  const usesStructOps = [...draft.roles.values()].includes('structOps');
  const hasExterns = draft.elf.symbols.some(
    (symbol) => symbol.sectionIndex === 0 && symbol.binding !== Elf.STB_LOCAL && symbol.name !== '',
  );
  if (!draft.btf && (draft.mapsIndex >= 0 || usesStructOps || (problem && hasExterns))) {
    const text = 'BTF is required, but is missing or corrupted.';
    throw failure(log, problem ? 22 : 2, text, problem ? { cause: problem } : undefined);
  }
  if (!draft.btf) {
    const ignored = 'Ignore ELF section .BTF.ext because its depending ELF section .BTF is not found.';
    if (ext && !problem) tell(log, () => ignored);
    return;
  }
  if (!ext) return;
  try {
    readExt(draft, draft.btf, readBtfExt(ext.bytes));
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    // Versions and flags that are not known are not supported; all else is invalid.
    const errno = error.offset === 2 || error.offset === 3 ? Errno.EOPNOTSUPP : 22;
    if (error.offset === 4 && ext.size >= 8) log('warn', 'BTF.ext header missing func_info, line_info');
    log('warn', `Error loading ELF section .BTF.ext: ${errorText(errno)}. Ignored and continue.`);
    if (draft.mapsIndex >= 0 || usesStructOps) {
      throw failure(log, errno, 'BTF is required, but is missing or corrupted.', { cause: error });
    }
  }
}

/** The object's BTF, all of whose strings and references lead somewhere. */
function soundBtf(draft: ObjectDraft, bytes: Uint8Array): BtfEdit {
  const btf = new BtfEdit(bytes);
  const problem = problemOf(btf);
  if (problem === undefined) return btf;
  draft.log('warn', problem);
  throw new ParseError('BTF', 0, problem);
}

function readExt(draft: ObjectDraft, btf: BtfEdit, raw: RawBtfExt): void {
  const { littleEndian } = raw;
  const sectionOf = (records: ExtRecords): SectionRecords => {
    const name = textOrNothing(btf, records.section);
    // Records of sections that are not in the file belong to section 0, where no program is.
    const section = name === '' ? undefined : draft.elf.sections.find((candidate) => candidate.name === name);
    return { sectionIndex: section?.index ?? 0, recordSize: records.recordSize, bytes: records.bytes };
  };
  draft.ext = {
    littleEndian,
    funcInfo: raw.funcInfo.map(sectionOf),
    lineInfo: raw.lineInfo.map(sectionOf),
  };
  draft.typeRelocations = raw.coreRelos.map(sectionOf);
}

/** Gives each program the type relocations of its instructions. */
export function assignTypeRelocations(draft: ObjectDraft): void {
  const { btf, ext } = draft;
  if (!btf || !ext) return;
  for (const [sectionNumber, section] of draft.typeRelocations.entries()) {
    for (const [number, record] of decodeRecords(section, coreRecord, ext.littleEndian).entries()) {
      const { insnOffset, typeId, kind, access: accessOffset } = record;
      if (insnOffset % 8 !== 0) throw new ObjectError('CO-RE relocation between instructions', Errno.EINVAL);
      const slot = insnOffset / 8;
      // Records of a weak function that another object's definition replaced belong to no program.
      const program = programAt(draft.programs, section.sectionIndex, slot);
      if (!program) continue;
      const access = textOrNothing(btf, accessOffset);
      const index = slot - program.sectionOffset;
      program.coreRelocations.push({ index, typeId, access, accessOffset, kind, number, sectionNumber });
    }
  }
}

/** The sections of type relocations, in the order of the file. */
export function typeRelocationSections(draft: ObjectDraft): ObjectSpec['typeRelocationSections'] {
  return draft.typeRelocations.map(({ sectionIndex, bytes, recordSize }) => ({
    name: draft.elf.sections[sectionIndex]?.name ?? '',
    count: bytes.length / recordSize,
  }));
}

/** The string at an offset, '' where there is none. */
function textOrNothing(btf: BtfEdit, offset: number): string {
  return offset < btf.stringEnd ? btf.text(offset) : '';
}

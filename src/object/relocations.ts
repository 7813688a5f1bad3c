// The ELF relocations of an object as facts about instructions, map slots and struct_ops members. Nothing is patched
// here: the same object can be loaded several times with other maps. Source: libbpf.c, bpf_program__record_reloc,
// bpf_object__collect_map_relos and bpf_object__collect_st_ops_relos.
import { Errno } from '../errors/index.ts';
import { Elf, type ElfRelocation, type ElfSection, type ElfSymbol, readRelocations } from '../elf/index.ts';
import { bpf_prog_type, isMapInMap, holdsPrograms, bpf_map_type } from '../uapi/index.ts';
import { idNamed, Kind, type RecordView } from '../btf/index.ts';
import { Code, Pseudo } from './code.ts';
import { isDataSection, nameOfSymbol, type ObjectDraft, type ProgramDraft, programAt } from './draft.ts';
import { isExtern } from './externs.ts';
import { failure, LibbpfErrno, ObjectError, tell } from './failure.ts';
import { mapNameInside } from './maps.ts';

import type { ExternSpec, MapSpec, Relocation } from './spec.ts';

/** What relocations refer to that is not in the draft itself. */
interface RelocationContext {
  readonly externs: readonly ExternSpec[];
  /** Index of the arena map, -1 if there is none. */
  readonly arenaMap: number;
}

/** Reads the relocations of programs, of static initialisers of maps, and of struct_ops values. */
export function collectRelocations(draft: ObjectDraft, context: RelocationContext): void {
  for (const section of draft.elf.sections) {
    if (draft.roles.get(section.index) !== 'relocations') continue;
    const entries = readRelocations(draft.elf, section);
    if (draft.roles.get(section.info) === 'structOps') structOpsRelocations(draft, section, entries);
    else if (section.info === draft.mapsIndex) mapRelocations(draft, entries);
    else programRelocations(draft, context, section, entries);
  }
  // The file may list them in any order, and one program's may come from several relocation sections.
  for (const program of draft.programs) program.relocations.sort((a, b) => a.index - b.index);
}

function programRelocations(
  draft: ObjectDraft,
  context: RelocationContext,
  section: ElfSection,
  entries: readonly ElfRelocation[],
): void {
  const { log } = draft;
  const target = draft.elf.sections[section.info]!;
  tell(log, () => `sec '${section.name}': collecting relocation for section(${target.index}) '${target.name}'`);
  const codes = new Map<ProgramDraft, Code>();
  for (const [number, entry] of entries.entries()) {
    const symbol = draft.elf.symbols[entry.symbolIndex];
    if (symbol === undefined) {
      const text = `sec '${section.name}': symbol #${entry.symbolIndex} not found for relo #${number}`;
      throw failure(log, LibbpfErrno.FORMAT, text);
    }
    if (symbol.sectionIndex >= draft.elf.sections.length && symbol.sectionIndex < Elf.SHN_LORESERVE) {
      const text = `sec '${section.name}': corrupted symbol #${symbol.index} pointing to invalid section #${symbol.sectionIndex} for relo #${number}`;
      throw failure(draft.log, LibbpfErrno.FORMAT, text);
    }
    // An instruction takes 8 bytes, and a relocation of BPF always applies to a whole one.
    if (entry.offset % 8 !== 0 || entry.offset >= target.size) {
      const text = `sec '${section.name}': invalid offset 0x${entry.offset.toString(16)} for relo #${number}`;
      throw failure(draft.log, LibbpfErrno.FORMAT, text);
    }
    const slot = entry.offset / 8;
    const against = symbolName(draft, symbol);
    tell(log, () => `sec '${section.name}': relo #${number}: insn #${slot} against '${against}'`);
    const program = programAt(draft.programs, target.index, slot);
    // `bpftool gen object` leaves the code of overridden weak functions in the section, without a symbol.
    if (!program) {
      const gone = `couldn't find program in section '${target.name}' for insn #${slot}, probably overridden weak function, skipping...`;
      tell(log, () => `sec '${section.name}': relo #${number}: ${gone}`);
      continue;
    }
    const code = codes.get(program) ?? new Code(program.code);
    codes.set(program, code);
    const index = slot - program.sectionOffset;
    program.relocations.push(describe(draft, context, { program, code, index, symbol }));
  }
}

/** Decides what one instruction refers to: by its opcode, then by the section of the symbol. */
function describe(
  draft: ObjectDraft,
  context: RelocationContext,
  at: { program: ProgramDraft; code: Code; index: number; symbol: ElfSymbol },
): Relocation {
  const { program, code, index, symbol } = at;
  const { sections } = draft.elf;
  const sectionName = sections[symbol.sectionIndex]?.name ?? '<?>';
  const named = symbolName(draft, symbol);
  const bad = (text: string) => failure(draft.log, LibbpfErrno.RELOC, `prog '${program.name}': ${text}`);
  const isCall = code.isCall(index);
  if (!isCall && !code.isLoadImmediate64(index)) {
    throw bad(`invalid relo against '${named}' for insns[${index}].code 0x${code.opcode(index).toString(16)}`);
  }
  // The second slot of a 64-bit load has the upper half of the constant.
  if (!isCall && index + 1 >= code.count) throw bad(`invalid relo against '${named}' for insns[${index}]`);
  if (isExtern(symbol)) {
    const extern = context.externs.findIndex((candidate) => candidate.symbolIndex === symbol.index);
    if (extern < 0) throw bad(`extern relo failed to find extern for '${named}' (${symbol.index})`);
    const known = `extern #${extern} '${context.externs[extern]!.name}' (sym ${symbol.index})`;
    tell(draft.log, () => `prog '${program.name}': found ${known} for insn #${index}`);
    return { kind: isCall ? 'externCall' : 'extern', index, extern };
  }
  if (isCall) {
    // Only .text has functions that can be called; code of other sections is entry points. Where the symbol is that of
    // the section, the immediate of the call says where in it the function is.
    if (code.source(index) !== Pseudo.CALL) throw bad('incorrect bpf_call opcode');
    if (symbol.sectionIndex === 0 || symbol.sectionIndex !== draft.textIndex) {
      throw bad(`bad call relo against '${named}' in section '${sectionName}'`);
    }
    if (symbol.value % 8 !== 0) throw bad(`bad call relo against '${named}' at offset ${symbol.value}`);
    return { kind: 'call', index, offset: symbol.value };
  }
  // Such as SHN_COMMON, where compilers put variables without an initialiser under -fcommon.
  if (symbol.sectionIndex === 0 || symbol.sectionIndex >= Elf.SHN_LORESERVE) {
    const where = symbol.sectionIndex.toString(16);
    throw bad(`invalid relo against '${named}' in special section 0x${where}; forgot to initialize global var?..`);
  }
  if (isSubprogram(symbol, draft.textIndex)) {
    const immediate = code.immediate(index);
    if (symbol.value % 8 !== 0 || immediate % 8 !== 0) {
      throw bad(`bad subprog addr relo against '${named}' at offset ${symbol.value}+${immediate}`);
    }
    return { kind: 'function', index, offset: symbol.value };
  }
  if (symbol.sectionIndex === draft.arena?.index) {
    if (context.arenaMap < 0) throw bad(`bad arena data relocation at insn ${index}, no arena maps defined`);
    tellMap(draft, { program: program.name, what: 'arena map', map: context.arenaMap, insn: `${index}` });
    return { kind: 'data', index, map: context.arenaMap, offset: symbol.value };
  }
  // Each jump table is a symbol of its own in the section, and its size is that of the symbol.
  if (symbol.sectionIndex === draft.jumpTables?.index) {
    return { kind: 'jumpTable', index, offset: symbol.value, size: symbol.size };
  }
  if (isDataSection(draft, symbol.sectionIndex)) {
    const map = draft.maps.findIndex(
      (candidate) => candidate.sectionName !== undefined && candidate.sectionIndex === symbol.sectionIndex,
    );
    if (map < 0) throw bad(`data relo failed to find map for section '${sectionName}'`);
    tellMap(draft, { program: program.name, what: 'data map', map, insn: `${index}` });
    return { kind: 'data', index, map, offset: symbol.value };
  }
  if (symbol.sectionIndex !== draft.mapsIndex) {
    throw bad(`bad map relo against '${named}' in section '${sectionName}'`);
  }
  const map = draft.maps.findIndex(
    (candidate) =>
      candidate.origin === 'user' &&
      candidate.sectionIndex === symbol.sectionIndex &&
      candidate.sectionOffset === symbol.value,
  );
  // As in libbpf, a map is found by its section and offset, not by its name.
  if (map < 0) throw bad(`map relo failed to find map for section '${sectionName}', off ${symbol.value}`);
  tellMap(draft, { program: program.name, what: 'map', map, insn: `#${index}` });
  return { kind: 'map', index, map };
}

/** Relocations against static functions are those against the section that holds them, which has no name of its own. */
function symbolName(draft: ObjectDraft, symbol: ElfSymbol): string {
  if (symbol.type !== Elf.STT_SECTION || symbol.nameOffset !== 0) return nameOfSymbol(draft, symbol) || '<?';
  return draft.elf.sections[symbol.sectionIndex]?.name ?? '<?>';
}

function tellMap(draft: ObjectDraft, found: { program: string; what: string; map: number; insn: string }): void {
  const map = draft.maps[found.map]!;
  const where = `${mapNameInside(draft.name, map)}, sec ${map.sectionIndex}, off ${map.sectionOffset}`;
  tell(draft.log, () => `prog '${found.program}': found ${found.what} ${found.map} (${where}) for insn ${found.insn}`);
}

/** As `sym_is_subprog` of libbpf: a global function by its own symbol, a static one by that of .text. */
function isSubprogram(symbol: ElfSymbol, textIndex: number): boolean {
  if (symbol.sectionIndex !== textIndex) return false;
  if (symbol.binding === Elf.STB_LOCAL) return symbol.type === Elf.STT_SECTION;
  return symbol.type === Elf.STT_FUNC;
}

/** Static initialisers of `values`: each relocation puts a map or a program into a slot of a declared map. */
function mapRelocations(draft: ObjectDraft, entries: readonly ElfRelocation[]): void {
  const { btf, log } = draft;
  const datasec = btf ? idNamed(btf, '.maps', Kind.datasec) : 0;
  if (!btf || datasec === 0) throw new ObjectError('.maps relocations without BTF', Errno.EINVAL);
  const variables = btf.variables(datasec);
  for (const [number, entry] of entries.entries()) {
    const symbol = draft.elf.symbols[entry.symbolIndex];
    if (symbol === undefined) {
      const text = `.maps relo #${number}: symbol ${entry.symbolIndex.toString(16)} not found`;
      throw failure(log, LibbpfErrno.FORMAT, text);
    }
    const name = nameOfSymbol(draft, symbol) || '<?>';
    const at = `value ${symbol.value} rel->r_offset ${entry.offset} name ${symbol.nameOffset} ('${name}')`;
    tell(log, () => `.maps relo #${number}: for ${entry.symbolIndex} ${at}`);
    // Declared maps are collected first and in the order of the DATASEC, so that both indexes are the same. The word is
    // 8 bytes, since pointers of the BPF target are.
    const index = variables.findIndex(
      ({ offset, size }) => offset <= entry.offset && entry.offset + 8 <= offset + size,
    );
    const variable = variables[index];
    const map = draft.maps[index];
    if (!variable || !map) {
      throw failure(
        log,
        Errno.EINVAL,
        `.maps relo #${number}: cannot find map '${name}' at rel->r_offset ${entry.offset}`,
      );
    }
    const slot = slotOf(btf, { variable, offset: entry.offset - variable.offset });
    // Slots are an array by index: a hostile declaration must not make it huge.
    if (slot === undefined || slot > 0xffffff)
      throw new ObjectError(`.maps relo #${number} hits no slot`, Errno.EINVAL);
    map.slots[slot] = slotTarget(draft, map, { number, name, symbol });
    const target = isMapInMap(map.type) ? 'map' : 'prog';
    tell(log, () => `.maps relo #${number}: map '${map.name}' slot [${slot}] points to ${target} '${name}'`);
  }
}

/** Index of the map (for maps of maps) or of the program (for program arrays) that a slot starts with. */
function slotTarget(
  draft: ObjectDraft,
  map: MapSpec,
  relocation: { number: number; name: string; symbol: ElfSymbol },
): number {
  const { number, name, symbol } = relocation;
  const bad = (errno: number, text: string) => failure(draft.log, errno, `.maps relo #${number}: ${text}`);
  if (isMapInMap(map.type)) {
    if (symbol.sectionIndex !== draft.mapsIndex) throw bad(LibbpfErrno.RELOC, `'${name}' isn't a BTF-defined map`);
    // The key of an initial element is its slot, a 32-bit number.
    if (map.type === bpf_map_type.BPF_MAP_TYPE_HASH_OF_MAPS && map.keySize !== 4) {
      throw bad(Errno.EINVAL, `hash-of-maps '${map.name}' should have key size 4.`);
    }
    const target = draft.maps.findIndex((candidate) => candidate.name === name);
    if (target < 0) throw bad(Errno.ESRCH, `'${name}' isn't a valid map reference`);
    return target;
  }
  if (!holdsPrograms(map.type)) {
    throw new ObjectError(`.maps relo #${number}: map '${map.name}' takes no initialisers`, Errno.EINVAL);
  }
  const target = draft.programs.findIndex((program) => !program.subprogram && program.name === name);
  const program = draft.programs[target];
  if (!program) throw bad(Errno.ESRCH, `'${name}' isn't a valid program reference`);
  // A program array takes whole programs only, not a place within one or a subprogram of the same name.
  if (program.sectionIndex !== symbol.sectionIndex || program.sectionOffset * 8 !== symbol.value) {
    throw bad(LibbpfErrno.RELOC, `'${name}' isn't an entry-point program`);
  }
  return target;
}

/** Index of the element of `values` at a byte offset of a map's declaration. */
function slotOf(btf: RecordView, at: { variable: { typeId: number }; offset: number }): number | undefined {
  const struct = btf.resolve(btf.target(at.variable.typeId));
  const count = btf.vlen(struct);
  if (count === 0) return undefined;
  const member = btf.member(struct, count - 1);
  const offset = at.offset - member.bitOffset / 8;
  if (member.name !== 'values' || offset < 0 || offset % 8 !== 0) return undefined;
  return offset / 8;
}

/** Function pointers in the initial value of a struct_ops variable: each names the program of a member. */
function structOpsRelocations(draft: ObjectDraft, section: ElfSection, entries: readonly ElfRelocation[]): void {
  const { btf, log } = draft;
  if (!btf) throw new ObjectError('struct_ops relocations without BTF', Errno.EINVAL);
  for (const entry of entries) {
    const symbol = draft.elf.symbols[entry.symbolIndex];
    if (symbol === undefined) {
      const text = `struct_ops reloc: symbol ${entry.symbolIndex.toString(16)} not found`;
      throw failure(log, LibbpfErrno.FORMAT, text);
    }
    const name = nameOfSymbol(draft, symbol) || '<?>';
    const map = draft.maps.find(
      (candidate) =>
        candidate.structOps !== undefined &&
        candidate.sectionIndex === section.info &&
        candidate.sectionOffset <= entry.offset &&
        entry.offset < candidate.sectionOffset + candidate.valueSize,
    );
    if (!map?.structOps) {
      throw failure(log, Errno.EINVAL, `struct_ops reloc: cannot find map at rel->r_offset ${entry.offset}`);
    }
    const bad = (errno: number, text: string) => failure(log, errno, `struct_ops reloc ${map.name}: ${text}`);
    const at = `rel->r_offset ${entry.offset} map->sec_offset ${map.sectionOffset} name ${symbol.nameOffset} ('${name}')`;
    tell(
      log,
      () =>
        `struct_ops reloc ${map.name}: for ${entry.symbolIndex} value ${symbol.value} shdr_idx ${symbol.sectionIndex} ${at}`,
    );
    // Absolute and common symbols are no functions of this object.
    if (symbol.sectionIndex >= Elf.SHN_LORESERVE) {
      const text = `rel->r_offset ${entry.offset} shdr_idx ${symbol.sectionIndex} unsupported non-static function`;
      throw bad(LibbpfErrno.RELOC, text);
    }
    if (symbol.value % 8 !== 0) throw bad(LibbpfErrno.FORMAT, `invalid target program offset ${symbol.value}`);
    const offset = entry.offset - map.sectionOffset;
    const members = btf.members(map.structOps.typeId);
    const memberIndex = members.findIndex((member) => member.bitOffset === offset * 8);
    const member = members[memberIndex];
    if (!member) throw bad(Errno.EINVAL, `cannot find member at moff ${offset}`);
    const pointer = btf.resolve(member.typeId);
    if (btf.kind(pointer) !== Kind.ptr || btf.kind(btf.resolve(btf.target(pointer))) !== Kind.func_proto) {
      throw bad(Errno.EINVAL, `cannot relocate non func ptr ${member.name}`);
    }
    const program = programAt(draft.programs, symbol.sectionIndex, symbol.value / 8);
    if (!program) {
      const text = `cannot find prog at shdr_idx ${symbol.sectionIndex} to relocate func ptr ${member.name}`;
      throw bad(Errno.EINVAL, text);
    }
    if (program.type !== bpf_prog_type.BPF_PROG_TYPE_STRUCT_OPS) {
      throw bad(Errno.EINVAL, `prog ${program.name} is not struct_ops BPF program`);
    }
    map.structOps.programs.set(memberIndex, draft.programs.indexOf(program));
  }
}

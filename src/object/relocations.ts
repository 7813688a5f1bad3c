import { Elf, type ElfRelocation, type ElfSection, type ElfSymbol, readRelocations } from '../elf/index.ts';
import { bpf_map_type, bpf_prog_type } from '../uapi/index.ts';
import { idNamed, Kind, type RecordView } from '../btf/index.ts';
import { Code, Pseudo } from './code.ts';
import { isDataSection, type ObjectDraft, type ProgramDraft, programAt } from './draft.ts';
import { isExtern } from './externs.ts';
import { failure, LibbpfErrno, ObjectError } from './failure.ts';
import { isMapInMap } from './map-definition.ts';

import type { ExternSpec, MapSpec, Relocation } from './spec.ts';

interface RelocationContext {
  readonly externs: readonly ExternSpec[];
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
  for (const program of draft.programs) program.relocations.sort((a, b) => a.index - b.index);
}

function programRelocations(
  draft: ObjectDraft,
  context: RelocationContext,
  section: ElfSection,
  entries: readonly ElfRelocation[],
): void {
  const target = draft.elf.sections[section.info]!;
  const codes = new Map<ProgramDraft, Code>();
  for (const [number, entry] of entries.entries()) {
    const symbol = draft.elf.symbols[entry.symbolIndex]!;
    if (symbol.sectionIndex >= draft.elf.sections.length && symbol.sectionIndex < Elf.SHN_LORESERVE) {
      const text = `sec '${section.name}': corrupted symbol #${symbol.index} pointing to invalid section #${symbol.sectionIndex} for relo #${number}`;
      throw failure(draft.log, LibbpfErrno.FORMAT, text);
    }
    if (entry.offset % 8 !== 0 || entry.offset >= target.size) {
      const text = `sec '${section.name}': invalid offset 0x${entry.offset.toString(16)} for relo #${number}`;
      throw failure(draft.log, LibbpfErrno.FORMAT, text);
    }
    const slot = entry.offset / 8;
    const program = programAt(draft.programs, target.index, slot);
    if (!program) continue;
    const code = codes.get(program) ?? new Code(program.code);
    codes.set(program, code);
    const index = slot - program.sectionOffset;
    program.relocations.push(describe(draft, context, { program, code, index, symbol }));
  }
}

function describe(
  draft: ObjectDraft,
  context: RelocationContext,
  at: { program: ProgramDraft; code: Code; index: number; symbol: ElfSymbol },
): Relocation {
  const { program, code, index, symbol } = at;
  const { sections } = draft.elf;
  const sectionName = sections[symbol.sectionIndex]?.name ?? '<?>';
  const symbolName = symbol.type === Elf.STT_SECTION && symbol.name === '' ? sectionName : symbol.name;
  const bad = (text: string) => failure(draft.log, LibbpfErrno.RELOC, `prog '${program.name}': ${text}`);
  const isCall = code.isCall(index);
  if (!isCall && !code.isLoadImmediate64(index)) {
    throw bad(`invalid relo against '${symbolName}' for insns[${index}].code 0x${code.opcode(index).toString(16)}`);
  }
  if (!isCall && index + 1 >= code.count) throw bad(`invalid relo against '${symbolName}' for insns[${index}]`);
  if (isExtern(symbol)) {
    const extern = context.externs.findIndex((candidate) => candidate.symbolIndex === symbol.index);
    if (extern < 0) throw bad(`extern relo failed to find extern for '${symbolName}' (${symbol.index})`);
    return { kind: isCall ? 'externCall' : 'extern', index, extern };
  }
  if (isCall) {
    if (code.source(index) !== Pseudo.CALL) throw bad('incorrect bpf_call opcode');
    if (symbol.sectionIndex === 0 || symbol.sectionIndex !== draft.textIndex) {
      throw bad(`bad call relo against '${symbolName}' in section '${sectionName}'`);
    }
    if (symbol.value % 8 !== 0) throw bad(`bad call relo against '${symbolName}' at offset ${symbol.value}`);
    return { kind: 'call', index, offset: symbol.value };
  }
  if (symbol.sectionIndex === 0 || symbol.sectionIndex >= Elf.SHN_LORESERVE) {
    const where = symbol.sectionIndex.toString(16);
    throw bad(`invalid relo against '${symbolName}' in special section 0x${where}; forgot to initialize global var?..`);
  }
  if (isSubprogram(symbol, draft.textIndex)) {
    const immediate = code.immediate(index);
    if (symbol.value % 8 !== 0 || immediate % 8 !== 0) {
      throw bad(`bad subprog addr relo against '${symbolName}' at offset ${symbol.value}+${immediate}`);
    }
    return { kind: 'function', index, offset: symbol.value };
  }
  if (symbol.sectionIndex === draft.arena?.index) {
    if (context.arenaMap < 0) throw bad(`bad arena data relocation at insn ${index}, no arena maps defined`);
    return { kind: 'data', index, map: context.arenaMap, offset: symbol.value };
  }
  if (symbol.sectionIndex === draft.jumpTables?.index) {
    return { kind: 'jumpTable', index, offset: symbol.value, size: symbol.size };
  }
  if (isDataSection(draft, symbol.sectionIndex)) {
    const map = draft.maps.findIndex(
      (candidate) => candidate.sectionName !== undefined && candidate.sectionIndex === symbol.sectionIndex,
    );
    if (map < 0) throw bad(`data relo failed to find map for section '${sectionName}'`);
    return { kind: 'data', index, map, offset: symbol.value };
  }
  if (symbol.sectionIndex !== draft.mapsIndex) {
    throw bad(`bad map relo against '${symbolName}' in section '${sectionName}'`);
  }
  const map = draft.maps.findIndex(
    (candidate) =>
      candidate.origin === 'user' &&
      candidate.sectionIndex === symbol.sectionIndex &&
      candidate.sectionOffset === symbol.value,
  );
  if (map < 0) throw bad(`map relo failed to find map for section '${sectionName}', off ${symbol.value}`);
  return { kind: 'map', index, map };
}

function isSubprogram(symbol: ElfSymbol, textIndex: number): boolean {
  if (symbol.sectionIndex !== textIndex) return false;
  if (symbol.binding === Elf.STB_LOCAL) return symbol.type === Elf.STT_SECTION;
  return symbol.type === Elf.STT_FUNC;
}

function mapRelocations(draft: ObjectDraft, entries: readonly ElfRelocation[]): void {
  const { btf, log } = draft;
  const datasec = btf ? idNamed(btf, '.maps', Kind.datasec) : 0;
  if (!btf || datasec === 0) throw new ObjectError('.maps relocations without BTF', 22);
  const variables = btf.variables(datasec);
  for (const [number, entry] of entries.entries()) {
    const symbol = draft.elf.symbols[entry.symbolIndex]!;
    const name = symbol.name || '<?>';
    const index = variables.findIndex(
      ({ offset, size }) => offset <= entry.offset && entry.offset + 8 <= offset + size,
    );
    const variable = variables[index];
    const map = draft.maps[index];
    if (!variable || !map) {
      throw failure(log, 22, `.maps relo #${number}: cannot find map '${name}' at rel->r_offset ${entry.offset}`);
    }
    const slot = slotOf(btf, { variable, offset: entry.offset - variable.offset });
    if (slot === undefined || slot > 0xffffff) throw new ObjectError(`.maps relo #${number} hits no slot`, 22);
    map.slots[slot] = slotTarget(draft, map, { number, name, symbol });
  }
}

function slotTarget(
  draft: ObjectDraft,
  map: MapSpec,
  relocation: { number: number; name: string; symbol: ElfSymbol },
): number {
  const { number, name, symbol } = relocation;
  const bad = (errno: number, text: string) => failure(draft.log, errno, `.maps relo #${number}: ${text}`);
  if (isMapInMap(map.type)) {
    if (symbol.sectionIndex !== draft.mapsIndex) throw bad(LibbpfErrno.RELOC, `'${name}' isn't a BTF-defined map`);
    if (map.type === bpf_map_type.BPF_MAP_TYPE_HASH_OF_MAPS && map.keySize !== 4) {
      throw bad(22, `hash-of-maps '${map.name}' should have key size 4.`);
    }
    const target = draft.maps.findIndex((candidate) => candidate.name === name);
    if (target < 0) throw bad(3, `'${name}' isn't a valid map reference`);
    return target;
  }
  if (map.type !== bpf_map_type.BPF_MAP_TYPE_PROG_ARRAY) {
    throw new ObjectError(`.maps relo #${number}: map '${map.name}' takes no initialisers`, 22);
  }
  const target = draft.programs.findIndex((program) => !program.subprogram && program.name === name);
  const program = draft.programs[target];
  if (!program) throw bad(3, `'${name}' isn't a valid program reference`);
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

function structOpsRelocations(draft: ObjectDraft, section: ElfSection, entries: readonly ElfRelocation[]): void {
  const { btf, log } = draft;
  if (!btf) throw new ObjectError('struct_ops relocations without BTF', 22);
  for (const entry of entries) {
    const symbol = draft.elf.symbols[entry.symbolIndex]!;
    const map = draft.maps.find(
      (candidate) =>
        candidate.structOps !== undefined &&
        candidate.sectionIndex === section.info &&
        candidate.sectionOffset <= entry.offset &&
        entry.offset < candidate.sectionOffset + candidate.valueSize,
    );
    if (!map?.structOps) {
      throw failure(log, 22, `struct_ops reloc: cannot find map at rel->r_offset ${entry.offset}`);
    }
    const bad = (errno: number, text: string) => failure(log, errno, `struct_ops reloc ${map.name}: ${text}`);
    if (symbol.sectionIndex >= Elf.SHN_LORESERVE) {
      const text = `rel->r_offset ${entry.offset} shdr_idx ${symbol.sectionIndex} unsupported non-static function`;
      throw bad(LibbpfErrno.RELOC, text);
    }
    if (symbol.value % 8 !== 0) throw bad(LibbpfErrno.FORMAT, `invalid target program offset ${symbol.value}`);
    const offset = entry.offset - map.sectionOffset;
    const members = btf.members(map.structOps.typeId);
    const memberIndex = members.findIndex((member) => member.bitOffset === offset * 8);
    const member = members[memberIndex];
    if (!member) throw bad(22, `cannot find member at moff ${offset}`);
    const pointer = btf.resolve(member.typeId);
    if (btf.kind(pointer) !== Kind.ptr || btf.kind(btf.resolve(btf.target(pointer))) !== Kind.func_proto) {
      throw bad(22, `cannot relocate non func ptr ${member.name}`);
    }
    const program = programAt(draft.programs, symbol.sectionIndex, symbol.value / 8);
    if (!program) {
      const text = `cannot find prog at shdr_idx ${symbol.sectionIndex} to relocate func ptr ${member.name}`;
      throw bad(22, text);
    }
    if (program.type !== bpf_prog_type.BPF_PROG_TYPE_STRUCT_OPS) {
      throw bad(22, `prog ${program.name} is not struct_ops BPF program`);
    }
    map.structOps.programs.set(memberIndex, draft.programs.indexOf(program));
  }
}

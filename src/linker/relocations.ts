import { Elf } from '../elf/index.ts';
import { Errno } from '../errors/index.ts';
import { failure, ObjectError, Opcode } from '../object/index.ts';
import { relocationSize } from './elf-input.ts';
import type { Output } from './output.ts';
import { elfIndex, isExecutable, isRelocation, type SourceSection } from './sections.ts';
import type { SourceObject } from './source-object.ts';
import { readable } from './strings.ts';

const instructionSize = 8;

/** Appends relocations, with places and symbols as they are in the output. Source: linker_append_elf_relos of libbpf. */
export function appendRelocations(output: Output, source: SourceObject, symbolIndexes: Uint32Array): void {
  for (const section of source.sections.slice(1)) {
    if (!isRelocation(section)) continue;
    const relocated = source.sections[section.elf!.info]!;
    if (relocated.skipped) continue;
    const known = output.findSection(section.name);
    if (known !== undefined && !output.canJoin(known, section)) {
      throw failure(output.log, Errno.EINVAL, `sections ${readable(section.name)} are not compatible`);
    }
    const target = known ?? output.beginSection(section);
    output.extend(target, section);
    target.header!.link = output.symbolTable.header!.index;
    target.header!.info = elfIndex(relocated.target);
    if (section.elf!.size > 0) relocate(output, source, { section, relocated, symbolIndexes });
  }
}

/** Relocations of one section of an input, of which the output has a copy already. */
interface Appended {
  readonly section: SourceSection;
  readonly relocated: SourceSection;
  readonly symbolIndexes: Uint32Array;
}

function relocate(output: Output, source: SourceObject, { section, relocated, symbolIndexes }: Appended): void {
  const { littleEndian } = source;
  const view = viewOf(section.copy!);
  for (let at = 0; at < view.byteLength; at += relocationSize) {
    const offset = view.getBigUint64(at, littleEndian);
    const info = view.getBigUint64(at + 8, littleEndian);
    const index = Number(info >> 32n);
    view.setBigUint64(at, BigInt.asUintN(64, offset + BigInt(relocated.targetOffset)), littleEndian);
    view.setBigUint64(at + 8, (BigInt(symbolIndexes[index]!) << 32n) | (info & 0xffff_ffffn), littleEndian);
    const symbol = source.symbols[index]!;
    if (symbol.type !== Elf.STT_SECTION) continue;
    if (!isExecutable(relocated)) {
      const text = 'relocation against STT_SECTION in non-exec section is not supported!';
      throw failure(output.log, Errno.EINVAL, text);
    }
    const base = source.sections[symbol.section];
    if (base === undefined) throw outside(source, section, at);
    moveBase(instructionAt(source, { section, relocated, at, offset }), base.targetOffset, littleEndian);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function instructionAt(
  source: SourceObject,
  place: { section: SourceSection; relocated: SourceSection; at: number; offset: bigint },
): DataView {
  const { section, relocated, at, offset } = place;
  const { copy } = relocated;
  if (copy === undefined || offset > BigInt(copy.length - instructionSize)) throw outside(source, section, at);
  return viewOf(copy.subarray(Number(offset), Number(offset) + instructionSize));
}

/**
 * A section's symbol stands for its beginning, which other files may have moved. Calls count instructions: one of a static
 * function at the beginning of `.text` refers to the section's symbol.
 */
function moveBase(instruction: DataView, by: number, littleEndian: boolean): void {
  const isCall = instruction.getUint8(0) === Opcode.CALL;
  const value = instruction.getInt32(4, littleEndian) + (isCall ? Math.floor(by / instructionSize) : by);
  instruction.setInt32(4, value | 0, littleEndian);
}

function outside(source: SourceObject, section: SourceSection, at: number): ObjectError {
  const where = `relocation #${at / relocationSize} of section '${readable(section.name)}' in ${source.name}`;
  return new ObjectError(`${where} is of a place or section that is not there`, Errno.EINVAL);
}

// Objects of which one number was changed: what is used and bad is refused, what nobody uses is not looked at, as the reference
// does with each way to read an object.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ElfFile, type ElfSection, parseElf } from '../../src/elf/index.ts';
import { World } from '../support/parity/world.ts';

let world: World;
beforeAll(() => {
  world = new World('tos_');
});
afterAll(() => world?.end());

const headerOf = { type: 4, flags: 8, offset: 24, size: 32, link: 40, info: 44, entrySize: 56 } as const;
const symbolOf = { name: 0, info: 4, other: 5, section: 6, value: 8, size: 16 } as const;

/** A change of an object's bytes; `view` is of a copy of them. */
type Change = (view: DataView, elf: ElfFile) => void;

const at16 =
  (at: number, value: number): Change =>
  (view) =>
    view.setUint16(at, value, true);
const at8 =
  (at: number, value: number): Change =>
  (view) =>
    view.setUint8(at, value);
const named = (elf: ElfFile, name: string) => elf.sections.find((section) => section.name === name)!;

/** A number of a section's header; those of 8 bytes may be what is there plus something. */
function header(
  name: string,
  member: keyof typeof headerOf,
  value: number | ((section: ElfSection) => number),
): Change {
  return (view, elf) => {
    const section = named(elf, name);
    const at = Number(view.getBigUint64(40, true)) + section.index * 64 + headerOf[member];
    const number = typeof value === 'number' ? value : value(section);
    if (['type', 'link', 'info'].includes(member)) view.setUint32(at, number, true);
    else view.setBigUint64(at, BigInt(number), true);
  };
}

/** Where the name of a section stands. */
const nameOffset =
  (name: string, value: number): Change =>
  (view, elf) => {
    view.setUint32(Number(view.getBigUint64(40, true)) + named(elf, name).index * 64, value, true);
  };

/** A 32-bit word inside a section. */
const word =
  (name: string, at: number, value: number): Change =>
  (view, elf) =>
    view.setUint32(named(elf, name).offset + at, value, true);

const byte =
  (name: string, at: number, value: number): Change =>
  (view, elf) =>
    view.setUint8(named(elf, name).offset + at, value);

/** A number of the symbol of this name. */
function symbol(name: string, member: keyof typeof symbolOf, value: number): Change {
  return (view, elf) => {
    const at =
      named(elf, '.symtab').offset + elf.symbols.find((one) => one.name === name)!.index * 24 + symbolOf[member];
    if (member === 'name') view.setUint32(at, value, true);
    else if (member === 'section') view.setUint16(at, value, true);
    else if (member === 'info' || member === 'other') view.setUint8(at, value);
    else view.setBigUint64(at, BigInt(value), true);
  };
}

const program = 'raw_tp/sched_switch';
const beyond = 2 ** 50;

const changes: Record<string, Change> = {
  'the version in e_ident': at8(6, 2),
  'the class': at8(4, 1),
  'the byte order': at8(5, 3),
  'the type': at16(16, 2),
  'the machine': at16(18, 62),
  e_version: (view) => view.setUint32(20, 7, true),
  e_ehsize: at16(52, 1),
  'e_shentsize of none': at16(58, 0),
  'e_shentsize of 32 bits': at16(58, 40),
  'e_shnum beyond the file': at16(60, 60_000),
  'e_shstrndx beyond the sections': at16(62, 1000),
  'e_shstrndx of what holds no strings': at16(62, 3),
  'names beyond the file': header('.strtab', 'size', beyond),
  'a name beyond the names': nameOffset(program, 0xffff_ffff),
  'the name of what is not used': nameOffset('.debug_info', 0xffff_ff00),
  'names of no type': header('.strtab', 'type', 0x7000_0000),
  'a section that nothing uses, beyond the file': header('.debug_info', 'offset', beyond),
  'relocations of what nothing uses, of half a record': header('.rel.debug_info', 'size', 24),
  'code beyond the file': header(program, 'size', beyond),
  'a licence without contents': header('license', 'type', 8),
  'a licence of no bytes': header('license', 'size', 0),
  'BTF without contents': header('.BTF', 'type', 8),
  'records of BTF without contents': header('.BTF.ext', 'type', 8),
  'symbols of no whole number': header('.symtab', 'size', (section) => section.size - 8),
  'symbols beyond the file': header('.symtab', 'offset', beyond),
  'symbols of another size': header('.symtab', 'entrySize', 16),
  'no strings of symbols': header('.symtab', 'link', 0),
  'strings of symbols beyond the sections': header('.symtab', 'link', 1000),
  'strings of symbols that are none': header('.symtab', 'link', 3),
  'a second symbol table': header('.debug_info', 'type', 2),
  'no symbol table': header('.symtab', 'type', 1),
  'a symbol without a name': symbol('fields', 'name', 0xffff_fff0),
  'a symbol beyond the sections': symbol('fields', 'section', 1000),
  'a function beyond its section': symbol('fields', 'size', 1 << 20),
  'a function of half an instruction': symbol('fields', 'size', 12),
  'a local function': symbol('fields', 'info', 2),
  'relocations of no whole number': header(`.rel${program}`, 'size', 24),
  'relocations of another size': header(`.rel${program}`, 'entrySize', 24),
  'relocations of a section that is not there': header(`.rel${program}`, 'info', 1000),
  'relocations that are no section': header(`.rel${program}`, 'type', 0),
  'a relocation of no symbol': word(`.rel${program}`, 12, 1_000_000),
  'a relocation between instructions': word(`.rel${program}`, 0, 4),
  'a relocation beyond its section': word(`.rel${program}`, 0, 1 << 20),
  'the version of BTF': byte('.BTF', 2, 2),
  'flags of BTF': byte('.BTF', 3, 1),
  'a header of BTF that is too short': word('.BTF', 4, 8),
  'a header of BTF beyond it': word('.BTF', 4, 1 << 30),
  'types between words': word('.BTF', 8, 2),
  'the magic of the records': byte('.BTF.ext', 0, 0),
  'the version of the records': byte('.BTF.ext', 2, 2),
  'flags of the records': byte('.BTF.ext', 3, 1),
  'a header of the records that is too short': word('.BTF.ext', 4, 8),
  'functions between words': word('.BTF.ext', 8, 2),
  'functions beyond the records': word('.BTF.ext', 12, 1 << 30),
  'lines beyond the records': word('.BTF.ext', 20, 1 << 30),
};

function run(argv: readonly string[], [file, ...words]: readonly string[]) {
  const result = spawnSync(file!, [...words, ...argv], { encoding: 'latin1' });
  const stderr = result.stderr
    .replaceAll('tsbpftool', 'bpftool')
    .replace(/\bf{4}[0-9a-f]{12}\b/g, 'ADDRESS')
    .replace(/verification time \d+ usec/g, 'verification time');
  return { status: result.status, signal: result.signal, stdout: result.stdout, stderr };
}

describe.each(Object.keys(changes))('%s', (name) => {
  it('means to each way to read an object what it means to the reference', () => {
    const original = readFileSync(path.join(world.project, 'test/fixtures/objects/core.bpf.o'));
    const bytes = new Uint8Array(original);
    changes[name]!(new DataView(bytes.buffer), parseElf(new Uint8Array(original)));
    expect(Buffer.compare(bytes, original)).not.toBe(0);
    const file = path.join(world.tmp, 'changed.o');
    writeFileSync(file, bytes);
    const pins = `${world.pins}/all`;
    for (const argv of [
      ['prog', 'loadall', file, pins],
      ['btf', 'dump', 'file', file],
      ['gen', 'skeleton', file, 'name', 'changed'],
    ]) {
      const { reference, ours } = world.programs;
      const expected = run(argv, reference);
      rmSync(pins, { recursive: true, force: true });
      const own = run(argv, ours);
      rmSync(pins, { recursive: true, force: true });
      expect(own, argv.join(' ')).toEqual(expected);
    }
  });
});

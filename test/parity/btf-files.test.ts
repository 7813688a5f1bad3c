// Files that hold BTF: modules with a distilled base, programs of 32 bits, files too large to be read, damaged ones. Both
// programs say the same of them.
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BtfBuilder, type NewBtfType, parseBtf } from '../../src/btf/index.ts';
import { elfFile } from '../support/elf/elf-file.ts';
import { World } from '../support/parity/world.ts';

let world: World;
beforeAll(() => {
  world = new World('tob_f_');
});
afterAll(() => world?.end());

function file(name: string, bytes: Uint8Array): string {
  const target = path.join(world.tmp, name);
  writeFileSync(target, bytes);
  return target;
}

function run(program: readonly string[], argv: readonly string[]) {
  const [command, ...words] = [...program, ...argv];
  const { status, stdout, stderr } = spawnSync(command!, words, { encoding: 'utf8', maxBuffer: 1 << 30 });
  return { status, stdout, stderr: stderr.replaceAll('tsbpftool', 'bpftool') };
}

/** What both programs say is the same; answers it. */
function same(...argv: string[]) {
  const expected = run(world.programs.reference, argv);
  expect(run(world.programs.ours, argv)).toEqual(expected);
  return expected;
}

const int = (name: string, size: number): NewBtfType => ({
  kind: 'int',
  name,
  size,
  bits: size * 8,
  bitOffset: 0,
  signed: true,
  char: false,
  bool: false,
});
const struct = (name: string, size: number, ...typeIds: number[]): NewBtfType => ({
  kind: 'struct',
  name,
  size,
  kindFlag: false,
  members: typeIds.map((typeId, i) => ({ name: `m${i}`, typeId, bitOffset: i * 64, bitSize: 0 })),
});

function btf(types: readonly NewBtfType[], base?: Uint8Array): Uint8Array {
  const builder = new BtfBuilder(base === undefined ? {} : { base: parseBtf(base) });
  for (const type of types) builder.add(type);
  return builder.finish();
}

describe('a module with a distilled base', () => {
  // The base has grown since: what is embedded must have kept its size, what is pointed at need not.
  const base = btf([int('int', 4), int('long', 8), struct('pointed', 24, 2, 2, 2), struct('inside', 8, 2)]);
  const distilled = (...types: NewBtfType[]) => btf(types);
  const module = (under: Uint8Array, ...types: NewBtfType[]) =>
    elfFile({ '.BTF': btf(types, under), '.BTF.base': under });
  const usual = distilled(struct('pointed', 16), struct('inside', 8), int('int', 4));
  const pointer: NewBtfType = { kind: 'ptr', name: '', typeId: 1, kindFlag: false };
  const cases: [name: string, bytes: () => Uint8Array][] = [
    ['pointed and embedded types', () => module(usual, pointer, struct('own', 16, 4, 2), struct('tail', 8, 3))],
    ['an embedded type of another size', () => module(usual, struct('own', 16, 1), struct('tail', 8, 3))],
    ['a type that the base lacks', () => module(distilled(struct('missing', 8), int('int', 4)), struct('own', 8, 2))],
    ['a number of another size', () => module(distilled(int('int', 8)), struct('own', 8, 1))],
    ['an anonymous distilled type', () => module(distilled(struct('', 8)), struct('own', 8, 1))],
    ['a distilled pointer', () => module(distilled(int('int', 4), pointer), struct('own', 8, 2))],
    ['a distilled base without types', () => module(distilled(), struct('own', 8, 1))],
    [
      'a damaged distilled base',
      () => elfFile({ '.BTF': btf([struct('own', 8, 1)], usual), '.BTF.base': usual.subarray(0, 60) }),
    ],
  ];

  it.each(cases)('%s', (name, bytes) => {
    const target = file(`${name.replaceAll(' ', '-')}.ko`, bytes());
    const under = file('base.btf', base);
    for (const format of [[], ['format', 'c']]) {
      same('btf', 'dump', 'file', target, ...format);
      same('-B', under, 'btf', 'dump', 'file', target, ...format);
    }
    same('-j', '-B', under, 'btf', 'dump', 'file', target);
  });

  it('two types of one name and size in the base are too many', () => {
    const twice = btf([int('int', 4), struct('inside', 8, 1), struct('inside', 8, 1)]);
    const target = file('two.ko', module(distilled(struct('inside', 8)), struct('own', 8, 1)));
    const { stderr } = same('-B', file('twice.btf', twice), 'btf', 'dump', 'file', target);
    expect(stderr).toContain('has multiple candidates of the same size (ids [3, 2]) in base BTF');
  });
});

describe('files of 32 bits', () => {
  const types = [
    int('int', 4),
    { kind: 'ptr', name: '', typeId: 1, kindFlag: false },
    {
      kind: 'struct',
      name: 'padded',
      size: 16,
      kindFlag: false,
      members: [
        { name: 'first', typeId: 2, bitOffset: 0, bitSize: 0 },
        { name: 'second', typeId: 2, bitOffset: 96, bitSize: 0 },
      ],
    },
    { kind: 'enum', name: 'wide', size: 8, signed: false, values: [{ name: 'ONE', value: 1 }] },
  ] as const satisfies NewBtfType[];

  it.each([true, false])('have pointers of their class (little endian: %s)', (littleEndian) => {
    for (const bits of [32, 64] as const) {
      const target = file(`class-${bits}-${littleEndian}.o`, elfFile({ '.BTF': btf(types) }, { bits, littleEndian }));
      same('btf', 'dump', 'file', target, 'format', 'c');
      same('btf', 'dump', 'file', target);
    }
  });

  it('raw types have pointers as long as their long', () => {
    for (const size of [4, 8, 2]) {
      same('btf', 'dump', 'file', file(`long-${size}.btf`, btf([...types, int('long int', size)])), 'format', 'c');
    }
  });
});

describe('files that hold more or less than they should', () => {
  const good = () =>
    elfFile({ '.BTF': btf([int('int', 4)]), '.text': new Uint8Array(8), '.symtab': new Uint8Array(5) });
  const damage: [name: string, change: (view: DataView, sections: number) => void][] = [
    ['the version in e_ident', (view) => view.setUint8(6, 2)],
    ['the version of the header', (view) => view.setUint32(20, 7, true)],
    ['the size of section headers', (view) => view.setUint16(58, 40, true)],
    ['the number of sections', (view) => view.setUint16(60, 9999, true)],
    ['the table of names', (view) => view.setUint16(62, 77, true)],
    ['a section that nothing uses, beyond the end', (view, at) => view.setBigUint64(at + 2 * 64 + 24, 1n << 40n, true)],
    ['the types, beyond the end', (view, at) => view.setBigUint64(at + 64 + 32, 1n << 40n, true)],
    ['the class', (view) => view.setUint8(4, 3)],
    ['the byte order', (view) => view.setUint8(5, 0)],
  ];

  it.each(damage)('%s', (name, change) => {
    const bytes = good();
    const view = new DataView(bytes.buffer);
    change(view, Number(view.getBigUint64(40, true)));
    same('btf', 'dump', 'file', file(`${name.replaceAll(' ', '-')}.o`, bytes));
  });

  it('types without contents', () => {
    const bytes = good();
    const view = new DataView(bytes.buffer);
    view.setUint32(Number(view.getBigUint64(40, true)) + 64 + 4, 8, true);
    expect(same('btf', 'dump', 'file', file('nobits.o', bytes)).stderr).toContain('unexpected section type (8)');
  });

  it('folders, devices and what is not there', () => {
    mkdirSync(path.join(world.tmp, 'folder'));
    for (const target of [
      path.join(world.tmp, 'folder'),
      '/dev/null',
      '/dev/zero',
      '/nowhere',
      file('empty', new Uint8Array(0)),
    ]) {
      same('btf', 'dump', 'file', target);
      same('-B', target, 'btf', 'dump', 'file', target);
    }
  });
});

describe('a file of 3 GB', () => {
  it('is not read but for its types', () => {
    const target = path.join(world.tmp, 'large');
    const bytes = elfFile({ '.BTF': btf([int('int', 4)]) });
    const view = new DataView(bytes.buffer);
    const headersAt = Number(view.getBigUint64(40, true));
    const far = 3_000_000_000;
    view.setBigUint64(40, BigInt(far), true);
    const descriptor = openSync(target, 'w');
    writeSync(descriptor, bytes, 0, headersAt, 0);
    writeSync(descriptor, bytes, headersAt, bytes.length - headersAt, far);
    ftruncateSync(descriptor, far + 1_000_000);
    closeSync(descriptor);
    const { stdout } = same('btf', 'dump', 'file', target);
    expect(stdout).toContain("INT 'int' size=4");
  });
});

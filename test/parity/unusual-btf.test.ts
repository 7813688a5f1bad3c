// Structs of more members than 16 bits count, and a kind of types that only a layout section describes: what loads, is
// relocated, dumped and minimised is what the reference makes of it.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BtfBuilder, BtfEdit, BtfMinimizer, parseBtf, readBtfExt } from '../../src/btf/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { addBigStruct, manyMembers, withUnknownKind } from '../support/btf/unusual.ts';
import { withSection } from '../support/elf/replace-section.ts';
import { World } from '../support/parity/world.ts';

/** Where the fixture's only relocated instruction thinks its member is. */
const compiledOffset = 8;

let world: World;
let files: Record<'object' | 'futureObject' | 'target' | 'futureTarget', string>;

beforeAll(() => {
  world = new World('tob_');
  const fixture = new Uint8Array(readFileSync(path.join(world.project, 'test/fixtures/objects/core-unresolved.bpf.o')));
  const target = new BtfEdit(smallBtf());
  addBigStruct(target);
  const write = (name: string, bytes: Uint8Array) => {
    const file = path.join(world.tmp, name);
    writeFileSync(file, bytes);
    return file;
  };
  files = {
    object: write(
      'object.o',
      accessingBig(fixture, (btf) => btf.finishAsGiven()),
    ),
    futureObject: write('future.o', accessingBig(fixture, withUnknownKind)),
    target: write('target.btf', target.finish()),
    futureTarget: write('future.btf', withUnknownKind(target)),
  };
});
afterAll(() => world?.end());

function smallBtf(): Uint8Array {
  const bytes = new Uint8Array(25);
  new DataView(bytes.buffer).setUint32(0, 0x1_eb9f, true);
  bytes[4] = 24;
  bytes[20] = 1;
  return bytes;
}

/** The fixture, whose relocation is made to be one of the last member of `struct big`. */
function accessingBig(fixture: Uint8Array, finish: (btf: BtfEdit) => Uint8Array): Uint8Array {
  const section = (name: string) => parseElf(fixture).sections.find((one) => one.name === name)!.bytes;
  const btf = new BtfEdit(section('.BTF'));
  const big = addBigStruct(btf, compiledOffset);
  const access = btf.addString(`0:${manyMembers - 1}`);
  const ext = section('.BTF.ext').slice();
  const view = new DataView(ext.buffer);
  for (const { at } of readBtfExt(ext).coreRelos) {
    view.setUint32(at + 4, big, true);
    view.setUint32(at + 8, access, true);
  }
  return withSection(withSection(fixture, '.BTF', finish(btf)), '.BTF.ext', ext);
}

function run(program: readonly string[], argv: readonly string[]) {
  const [file, ...words] = [...program, ...argv];
  const { status, stdout, stderr } = spawnSync(file!, words, { encoding: 'utf8', maxBuffer: 1 << 30 });
  return { status, stdout, stderr: stderr.replaceAll('tsbpftool', 'bpftool') };
}

/** What both programs say and do is the same; answers it. */
function same(...argv: string[]) {
  const { ours, reference } = world.programs;
  const expected = run(reference, argv);
  expect(run(ours, argv)).toEqual(expected);
  return expected;
}

describe('an object that uses the last of 70,000 members', () => {
  /** What a program says of the load, and the instructions that the kernel then has. */
  function load(program: readonly string[], object: string, target: string) {
    const pin = `${world.pins}/reads_it`;
    const result = run(program, ['prog', 'load', object, pin, 'kernel_btf', target]);
    const { stdout: code } = run(world.programs.reference, ['prog', 'dump', 'xlated', 'pinned', pin]);
    rmSync(pin, { force: true });
    return { ...result, code };
  }

  it.each(['target', 'futureTarget'] as const)('loads and is relocated by %s as the reference does', (target) => {
    const expected = load(world.programs.reference, files.object, files[target]);
    expect(load(world.programs.ours, files.object, files[target])).toEqual(expected);
    expect(expected).toMatchObject({ status: 0, code: expect.stringContaining(`= ${(manyMembers - 1) * 4}\n`) });
    // The reference takes such objects only where the kernel has layout sections.
    const { status, code } = load(world.programs.ours, files.futureObject, files[target]);
    expect({ status, code }).toEqual({ status: 0, code: expected.code });
  });

  it('is refused alike where the running kernel has no such struct', () => {
    const argv = ['prog', 'load', files.object, `${world.pins}/reads_it`];
    const plain = (text: string) => text.replace(/verification time.*|processed .*/g, '');
    const [ours, reference] = [run(world.programs.ours, argv), run(world.programs.reference, argv)];
    expect(plain(ours.stderr)).toBe(plain(reference.stderr));
    expect(ours.status).toBe(reference.status);
  });
});

describe.each(['object', 'futureObject', 'target', 'futureTarget'] as const)('dumps of %s', (file) => {
  it('are those of the reference', () => {
    expect(same('btf', 'dump', 'file', files[file]).stdout).toContain(`STRUCT 'big' size=280000 vlen=${manyMembers}`);
    same('-j', 'btf', 'dump', 'file', files[file]);
    same('btf', 'dump', 'file', files[file], 'format', 'c');
  });
});

describe('minimising', () => {
  it.each(['target', 'futureTarget'] as const)('keeps of %s the one member that is used', (name) => {
    const target = parseBtf(new Uint8Array(readFileSync(files[name])));
    const minimizer = new BtfMinimizer(target);
    minimizer.add({ kind: 0, rootId: target.findByName('big')!.id, access: [0, manyMembers - 1] });
    const [, big] = [...parseBtf(minimizer.finish()).types()].sort((a, b) => a.kind.localeCompare(b.kind));
    expect(big).toMatchObject({
      kind: 'struct',
      size: manyMembers * 4,
      members: [{ name: `m${manyMembers - 1}`, bitOffset: (manyMembers - 1) * 32 }],
    });
  });
});

describe('types without names, one inside the other', () => {
  /** A struct in which `depth` others lie, each with a member before and behind the next. */
  function nested(depth: number, kind: 'struct' | 'union'): Uint8Array {
    const builder = new BtfBuilder();
    const sign = { signed: true, bitOffset: 0, char: false, bool: false };
    const int = builder.add({ kind: 'int', name: 'int', size: 4, bits: 32, ...sign });
    let [inner, size] = [int, 4];
    for (let level = depth; level >= 0; level--) {
      const places = kind === 'union' ? [0, 0, 0] : [0, 4, 4 + size];
      size = kind === 'union' ? 4 : size + 8;
      const members = [int, inner, int].map((typeId, i) => ({
        name: ['before', '', 'behind'][i]! && `${['before', '', 'behind'][i]}${level}`,
        typeId,
        bitOffset: places[i]! * 8,
        bitSize: 0,
      }));
      if (inner === int) members[1]!.name = 'within';
      inner = builder.add({ kind, name: level === 0 ? 'outer' : '', size, kindFlag: false, members });
    }
    return builder.finish();
  }

  it.each([
    [12, 'struct'],
    [13, 'struct'],
    [14, 'struct'],
    [25, 'union'],
  ] as const)('%s deep, are indented as the reference does: %s', (depth, kind) => {
    const file = path.join(world.tmp, 'nested.btf');
    writeFileSync(file, nested(depth, kind));
    const { stdout } = same('btf', 'dump', 'file', file, 'format', 'c');
    const deepest = Math.max(...stdout.split('\n').map((line) => /^\t*/.exec(line)![0].length));
    expect(deepest).toBe(Math.min(depth + 1, 13));
  });
});

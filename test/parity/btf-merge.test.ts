// `btf dump` of several files and the deduplication under it, beside the reference.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Btf, BtfBuilder, BtfMerger, dedupBtf, parseBtf } from '../../src/btf/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { Random } from '../support/btf/random.ts';
import { randomBtf } from '../support/btf/random-btf.ts';
import { findPrograms, type Programs, run } from '../support/parity/programs.ts';

const objects = path.resolve(import.meta.dirname, '../fixtures/objects');
const names = readdirSync(objects).filter((name) => name.endsWith('.bpf.o'));
/** The reference takes no more files at once. */
const mostFiles = 64;
const forms = [
  { before: [], after: [] },
  { before: ['-j'], after: [] },
  { before: ['-p'], after: [] },
  { before: [], after: ['format', 'c'] },
  { before: [], after: ['format', 'c', 'unsorted'] },
];

let folder: string;
let programs: Programs;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-merge-'));
  programs = findPrograms(path.join(folder, 'bin'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function btfOf(name: string): Uint8Array {
  return parseElf(readFileSync(path.join(objects, name))).sections.find((section) => section.name === '.BTF')!.bytes;
}

function write(name: string, bytes: Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

async function expectEqual(base: string, files: readonly string[], shapes = forms): Promise<string> {
  let raw = '';
  for (const { before, after } of shapes) {
    const argv = ['-B', base, ...before, 'btf', 'dump', ...files.flatMap((file) => ['file', file]), ...after];
    const [reference, ours] = [await run(programs.reference, argv), await run(programs.ours, argv)];
    expect(ours, argv.join(' ')).toEqual(reference);
    if (before.length + after.length === 0) raw = reference.stdout;
  }
  return raw;
}

describe('btf dump of several files', () => {
  const bases: [string, () => Uint8Array][] = [
    ['a tiny base', tinyBase],
    ['the types of an object as the base', () => btfOf('core.bpf.o')],
  ];
  it.each(bases)('merges the types of every fixture over %s', { timeout: 120_000 }, async (what, bytes) => {
    const base = parseBtf(bytes());
    const prefix = what.replaceAll(' ', '-');
    const files = names.map((name) => write(`${prefix}-${name}`, splitOver(base, btfOf(name))));
    const baseFile = write(prefix, base.bytes);
    let lines = 0;
    for (let at = 0; at < files.length; at += mostFiles) {
      const raw = await expectEqual(baseFile, files.slice(at, at + mostFiles));
      lines += raw.split('\n').length;
    }
    expect(lines).toBeGreaterThan(500);
  });

  it('refuses more files than the reference takes', async () => {
    const files = Array.from({ length: mostFiles + 1 }, (_, n) => write(`many-${n}`, tinyBase()));
    expect(await expectEqual(write('many-base', tinyBase()), files)).toBe('');
  });

  it('merges the types of fixtures over the running kernel', { timeout: 120_000 }, async () => {
    const vmlinux = '/sys/kernel/btf/vmlinux';
    const base = parseBtf(readFileSync(vmlinux));
    const files = names.slice(0, 8).map((name) => write(`vmlinux-${name}`, splitOver(base, btfOf(name))));
    await expectEqual(vmlinux, files, forms.slice(0, 1));
  });

  it('merges random types, and refuses circles', { timeout: 180_000 }, async () => {
    const random = new Random(41);
    let merged = 0;
    for (let i = 0; i < 40; i++) {
      const base = parseBtf(randomBtf(random, 2 + random.below(14)));
      const blobs = [randomBtf(random, 30, base), randomBtf(random, 12, base)];
      if (random.below(3) === 0) blobs.push(blobs[0]!);
      const files = blobs.map((bytes, n) => write(`random-${n}`, bytes));
      if ((await expectEqual(write('random-base', base.bytes), files, forms.slice(0, 1))) !== '') merged++;
    }
    expect(merged).toBeGreaterThan(10);
  });

  it('refuses files that do not fit the base', async () => {
    const core = write('core', btfOf('core.bpf.o'));
    await expectEqual(core, [path.join(objects, 'maps.bpf.o'), core]);
    await expectEqual(core, [core, path.join(folder, 'absent')]);
  });
});

describe('deduplication', () => {
  // The reference links nothing that has relocations as GCC writes them.
  it.each(names.filter((name) => !name.startsWith('gcc-')))(
    'leaves as many types of %s as gen object does',
    async (name) => {
      const linked = path.join(folder, 'linked.o');
      expect(await run(programs.reference, ['gen', 'object', linked, path.join(objects, name)])).toMatchObject({
        status: 0,
      });
      const { stdout } = await run(programs.reference, ['btf', 'dump', 'file', linked]);
      const count = stdout.split('\n').filter((line) => line.startsWith('[')).length;
      expect(parseBtf(dedupBtf(parseBtf(btfOf(name))).bytes).typeCount).toBe(count);
    },
  );
});

function tinyBase(): Uint8Array {
  const builder = new BtfBuilder();
  builder.add({ kind: 'int', name: 'int', size: 4, bits: 32, signed: true, bitOffset: 0, char: false, bool: false });
  builder.add({ kind: 'fwd', name: 'bpf_map', isUnion: false });
  return builder.finish();
}

/** The same types as a BTF that is split on `base`. */
function splitOver(base: Btf, bytes: Uint8Array): Uint8Array {
  const merger = new BtfMerger({ base });
  merger.add(parseBtf(bytes));
  return merger.finish();
}

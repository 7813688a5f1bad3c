import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { embeddedObjects } from '../../../scripts/corpus/carve.mjs';
import { parseBtf } from '../../../src/btf/index.ts';
import { parseElf } from '../../../src/elf/index.ts';
import { layoutAssertions } from '../../support/corpus/layout-assertions.ts';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/objects');
const fixture = (name: string) => readFileSync(path.join(fixtures, `${name}.bpf.o`));

describe('objects embedded in a program', () => {
  const [maps, globals] = [fixture('maps'), fixture('globals')];
  const noise = Buffer.from('\x7fELF\x02\x01\x01 is no header');
  const carved = (...parts: Buffer[]) => [...embeddedObjects(Buffer.concat(parts))];

  it('are found wherever they lie, whole', () => {
    expect(carved(noise, maps, Buffer.alloc(5), globals, noise)).toEqual([maps, globals]);
  });

  it('are no objects where they end early, or are of another machine', () => {
    const foreign = Buffer.from(globals);
    foreign.writeUInt16LE(62, 18);
    expect(carved(foreign, maps.subarray(0, -1))).toEqual([]);
  });
});

describe('assertions on the C of a dump', () => {
  const elf = parseElf(new Uint8Array(fixture('rich-values')));
  const btf = parseBtf(elf.sections.find(({ name }) => name === '.BTF')!.bytes);
  const { text, ...counts } = layoutAssertions(btf);

  it('name every struct and member, and leave out bit-fields', () => {
    const count = (what: string) =>
      text.split('\n').filter((line) => line.startsWith(`_Static_assert(${what}(`)).length;
    expect(count('sizeof')).toBe(counts.sizes);
    expect(count('__builtin_offsetof')).toBe(counts.members);
    expect(counts.sizes).toBeGreaterThan(0);
    expect(counts.bitFields).toBeGreaterThan(0);
  });
});

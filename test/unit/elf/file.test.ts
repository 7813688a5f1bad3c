import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Elf, parseElf, readRelocations } from '../../../src/elf/index.ts';
import { ParseError } from '../../../src/errors/index.ts';

const hello = readFileSync(new URL('../../../examples/hello.bpf.o', import.meta.url));

describe('a BPF object', () => {
  const elf = parseElf(hello);

  test('has its header read', () => {
    expect([elf.type, elf.machine, elf.littleEndian]).toEqual([Elf.ET_REL, Elf.EM_BPF, true]);
  });

  test('has its sections read, contents as views', () => {
    const license = elf.sections.find((section) => section.name === 'license');
    expect(Buffer.from(license!.bytes).toString()).toBe('Dual BSD/GPL\0');
    expect(license!.bytes.buffer).toBe(hello.buffer);
    expect(elf.sections.find((section) => section.name === '.bss')).toMatchObject({ type: Elf.SHT_NOBITS, size: 4 });
  });

  test('has its symbols read', () => {
    const symbol = elf.symbols.find((candidate) => candidate.name === 'hello');
    expect(symbol).toMatchObject({ type: Elf.STT_FUNC, binding: Elf.STB_GLOBAL, value: 0 });
  });

  test('has its relocations read', () => {
    const section = elf.sections.find((candidate) => candidate.name === '.relxdp')!;
    const names = readRelocations(elf, section).map(({ symbolIndex }) => elf.symbols[symbolIndex]!.name);
    expect(names).toContain('counter');
  });
});

describe('what is wrong with one part', () => {
  const header = (index: number) => Number(hello.readBigUInt64LE(40)) + index * 64;
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(hello);
    change(bytes);
    return parseElf(bytes);
  };
  const { sections, symbols, symbolTableIndex } = parseElf(hello);
  const names = sections.find((section) => section.type === Elf.SHT_STRTAB)!;

  test.each([
    ['a name beyond the names', (bytes: Buffer) => bytes.writeUInt32LE(1 << 30, header(3)), 'offset out of range'],
    ['names of another type', (bytes: Buffer) => bytes.writeUInt32LE(1, header(names.index) + 4), 'invalid section'],
    [
      'a name without an end',
      (bytes: Buffer) => {
        bytes.writeUInt32LE(names.size - 1, header(3));
        bytes[names.offset + names.size - 1] = 65;
      },
      'invalid section index',
    ],
  ])('%s is told by the section', (_name, change, problem) => {
    expect(changed(change).sections[3]).toMatchObject({ name: '', nameProblem: problem });
  });

  test.each([
    ['a section', symbolTableIndex, 'invalid section'],
    ['beyond the sections', 1000, 'invalid section index'],
  ])('strings of symbols that are %s leave the symbols', (_name, link, problem) => {
    const elf = changed((bytes) => bytes.writeUInt32LE(link, header(symbolTableIndex) + 40));
    expect(elf.symbols).toHaveLength(symbols.length);
    expect(elf.symbols[1]).toMatchObject({ name: '', nameProblem: problem, value: symbols[1]!.value });
  });

  test('symbols beyond the file are an error to those who ask for them', () => {
    const elf = changed((bytes) => bytes.writeBigUInt64LE(1n << 60n, header(symbolTableIndex) + 24));
    expect(elf.sections).toHaveLength(sections.length);
    expect(() => elf.symbols).toThrow(ParseError);
  });
});

describe('what is no ELF file', () => {
  test.each([
    ['nothing', new Uint8Array(0)],
    ['text', Buffer.from('#!/bin/sh\n')],
    ['a 32-bit file', Buffer.concat([hello.subarray(0, 4), Buffer.from([1]), hello.subarray(5)])],
    ['an unknown byte order', Buffer.concat([hello.subarray(0, 5), Buffer.from([9]), hello.subarray(6)])],
    ['a header cut short', hello.subarray(0, 60)],
    ['a file cut in the middle', hello.subarray(0, hello.length >> 1)],
  ])('%s is a ParseError', (_name, bytes) => {
    expect(() => parseElf(bytes)).toThrow(ParseError);
  });

  test('changed bytes give a file or a ParseError, nothing else', () => {
    const changes = fc.array(fc.tuple(fc.nat(hello.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = Uint8Array.from(hello);
        for (const [at, value] of list) bytes[at] = value;
        try {
          const elf = parseElf(bytes);
          for (const section of elf.sections) if (section.type === Elf.SHT_REL) readRelocations(elf, section);
        } catch (error) {
          if (!(error instanceof ParseError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

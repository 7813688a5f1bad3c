import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Btf,
  BtfBuilder,
  compileValueDecoder,
  type NewBtfType,
  parseBtf,
  sizeOf,
  writeTypeScript,
} from '../../../src/btf/index.ts';
import { parseElf } from '../../../src/elf/index.ts';
import { ParseError } from '../../../src/errors/index.ts';
import { Random } from '../../support/btf/random.ts';
import { randomBtf } from '../../support/btf/random-btf.ts';
import { compilerMessages, literal } from '../../support/btf/typescript-check.ts';

const minute = { timeout: 60_000 };

function declarations(btf: Btf, options: Omit<Parameters<typeof writeTypeScript>[1], 'write'> = {}): string {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  writeTypeScript(btf, { ...options, write });
  return text;
}

function build(...types: NewBtfType[]): Btf {
  const builder = new BtfBuilder();
  for (const type of types) builder.add(type);
  return parseBtf(builder.finish());
}

const number = (name: string, size: number, more: object = {}): NewBtfType => ({
  kind: 'int',
  name,
  size,
  bits: size * 8,
  signed: false,
  bitOffset: 0,
  char: false,
  bool: false,
  ...more,
});
const at = (name: string, typeId: number, bitOffset: number, bitSize = 0) => ({ name, typeId, bitOffset, bitSize });
const struct = (name: string, size: number, ...members: ReturnType<typeof at>[]): NewBtfType => ({
  kind: 'struct',
  name,
  size,
  kindFlag: true,
  members,
});

describe('TypeScript declarations', () => {
  test('say how values of each kind are decoded, and where members lie', minute, () => {
    const text = declarations(
      build(
        number('int', 4),
        number('unsigned long long', 8),
        number('char', 1),
        { kind: 'array', name: '', elementTypeId: 3, indexTypeId: 1, length: 8 },
        { kind: 'enum', name: 'color', size: 4, signed: true, values: [{ name: 'RED', value: -1 }] },
        { kind: 'enum64', name: 'wide', size: 8, signed: false, values: [{ name: 'BIG', value: 2n ** 63n }] },
        { kind: 'ptr', name: '', typeId: 10, kindFlag: false },
        { kind: 'union', name: '', size: 8, kindFlag: false, members: [at('number', 2, 0), at('text', 4, 0)] },
        { kind: 'typedef', name: 'u64', typeId: 2, kindFlag: false },
        struct(
          'all',
          56,
          at('n', 1, 0),
          at('flags', 1, 32, 3),
          at('big', 2, 64, 40),
          at('', 8, 128),
          at('inner', 8, 192),
          at('color', 5, 256),
          at('wide', 6, 320),
          at('self', 7, 384),
        ),
      ),
    );
    expect(text.slice(text.indexOf('/** enum color'))).toBe(`/** enum color: 4 bytes */
export const color = {
  RED: -1,
} as const;
export type color = keyof typeof color | number;

/** enum wide: 8 bytes */
export const wide = {
  BIG: 9223372036854775808n,
} as const;
export type wide = keyof typeof wide | bigint;

/** typedef u64 */
export type u64 = bigint;

/** struct all: 56 bytes */
export interface all {
  n: number; // byte 0
  flags: number; // bit-field: 3 bits from bit 0 of byte 4
  big: bigint; // bit-field: 40 bits from bit 0 of byte 8
  // begin of an anonymous union, whose members share their bytes: byte 16, 8 bytes
  number: bigint; // byte 16
  text: string | number[]; // byte 16
  // end
  inner: {
    number: bigint; // byte 0
    text: string | number[]; // byte 0
  }; // byte 24
  color: color; // byte 32
  wide: wide; // byte 40
  self: bigint; // byte 48, struct all *
}
`);
    expect(compilerMessages(text)).toBe('');
  });

  test('hold for every value that the decoder gives', minute, () => {
    const elf = parseElf(readFileSync(new URL('../../fixtures/objects/rich-values.bpf.o', import.meta.url)));
    const btf = parseBtf(elf.sections.find((section) => section.name === '.BTF')!.bytes);
    const random = new Random(3);
    let text = declarations(btf);
    let checked = 0;
    let last = '';
    for (const type of btf.types()) {
      if (type.kind !== 'struct' && type.kind !== 'union' && type.kind !== 'enum' && type.kind !== 'enum64') continue;
      if (type.name === '') continue;
      let decode: ReturnType<typeof compileValueDecoder>;
      try {
        decode = compileValueDecoder(btf, type.id);
      } catch {
        continue;
      }
      last = type.name;
      for (let i = 0; i < 4; i++) {
        const bytes = Uint8Array.from({ length: sizeOf(btf, type.id) }, () => (i === 0 ? 0 : random.below(256)));
        text += `export const value${checked++}: ${type.name} = ${literal(decode(bytes))};\n`;
      }
    }
    expect(checked).toBeGreaterThan(20);
    expect(compilerMessages(text)).toBe('');
    expect(compilerMessages(`${text}export const wrong: ${last} = [true];\n`)).toContain('error TS');
  });

  test('names that clash, are reserved or hostile become legal', minute, () => {
    const text = declarations(
      build(
        number('int', 4),
        struct('class', 4, at('default', 1, 0)),
        struct('s', 4, at('a-b', 1, 0), at('constructor', 1, 32)),
        { kind: 'typedef', name: 's', typeId: 3, kindFlag: false },
        { kind: 'typedef', name: 's', typeId: 1, kindFlag: false },
        { kind: 'typedef', name: 'string', typeId: 1, kindFlag: false },
        struct('*/ evil(); /*\n', 4, at('\n*/', 1, 0), at('__proto__', 1, 0)),
        {
          kind: 'enum',
          name: 'undefined',
          size: 4,
          signed: false,
          values: ['__proto__', 'x y', 'x y'].map((name, value) => ({ name, value })),
        },
        { kind: 'typedef', name: 'circle', typeId: 9, kindFlag: false },
        struct('1', 4, at('twice', 1, 0), at('twice', 4, 0)),
      ),
    );
    expect(text).toContain('export interface class_ {\n  default: number;');
    expect(text).toContain('export type s___2 = number;');
    expect(text).not.toContain('export type s =');
    expect(text).toContain('export type string_ = number;');
    expect(text).toContain('export type circle = never;');
    expect(text).toContain('export interface _1 {\n  twice: s;');
    expect(compilerMessages(text)).toBe('');
  });

  test('of roots alone, with what their values hold', () => {
    const btf = build(
      number('int', 4),
      struct('inner', 4, at('n', 1, 0)),
      struct('pointed', 4, at('n', 1, 0)),
      { kind: 'ptr', name: '', typeId: 3, kindFlag: false },
      struct('outer', 16, at('i', 2, 0), at('p', 4, 64)),
      struct('other', 4, at('n', 1, 0)),
    );
    const names = (text: string) => [...text.matchAll(/^export \w+ (\w+)/gm)].map((match) => match[1]);
    expect(names(declarations(btf, { roots: [5] }))).toEqual(['inner', 'outer']);
    const text = declarations(btf, {
      roots: [],
      aliases: [
        { name: 'Key', id: 1 },
        { name: 'Value', id: 2 },
      ],
    });
    expect(names(text)).toEqual(['inner', 'Key', 'Value']);
    expect(() => declarations(btf, { roots: [9] })).toThrow(ParseError);
  });

  test('of random types are accepted by the compiler', minute, () => {
    const random = new Random(11);
    // Each in a namespace of its own, so that one run of the compiler is enough.
    const parts = Array.from({ length: 60 }, (_, i) => {
      return `export namespace n${i} {\n${declarations(parseBtf(randomBtf(random, 40)))}}\n`;
    });
    expect(compilerMessages(parts.join(''))).toBe('');
  });
});

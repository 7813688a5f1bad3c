import { RecordView } from '../../../src/btf/index.ts';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../../../src/bytes/index.ts';
import { parseUsdtArguments } from '../../../src/loader/attach/usdt/arguments.ts';
import { usdtPlaces } from '../../../src/loader/attach/usdt/places.ts';
import { encodeUsdtSpec } from '../../../src/loader/attach/usdt/spec.ts';
import { parseObject } from '../../../src/object/index.ts';
import { Types } from '../object/core/build.ts';

const silent = () => undefined;
const x64 = (text: string, warnings: string[] = []) =>
  parseUsdtArguments(text, 'a:b', 'x64', (_level, warning) => void warnings.push(warning));

describe('arguments of probes', () => {
  const plain = { value: 0n, register: 0, indexRegister: 0, scaleShift: 0, signed: false };
  test.each([
    ['-4@%esi', { ...plain, kind: 'register', register: 104, signed: true, size: 4 }],
    ['8@%r12', { ...plain, kind: 'register', register: 24, size: 8 }],
    ['1@%al', { ...plain, kind: 'register', register: 80, size: 1 }],
    ['4@$-71', { ...plain, kind: 'constant', value: -71n, size: 4 }],
    ['-4@-20(%rbp)', { ...plain, kind: 'memory', value: -20n, register: 32, signed: true, size: 4 }],
    ['8@(%rsp)', { ...plain, kind: 'memory', register: 152, size: 8 }],
    [
      '1@-96(%rbp,%rax,8)',
      { kind: 'indexed', value: -96n, register: 32, indexRegister: 80, scaleShift: 3, signed: false, size: 1 },
    ],
    ['2@(%rdi,%rcx)', { ...plain, kind: 'indexed', register: 112, indexRegister: 88, size: 2 }],
  ])('%s', (text, expected) => {
    expect(x64(text)).toEqual([expected]);
  });

  test('follow each other', () => {
    expect(x64('-4@%esi -4@-24(%rbp) 2@%ax').map(({ kind }) => kind)).toEqual(['register', 'memory', 'register']);
    expect(x64('')).toEqual([]);
  });

  test.each([
    ['4@%xmm0', "usdt: unrecognized register 'xmm0'"],
    ['3@%eax', "usdt: unsupported arg #0 (spec '3@%eax') size: 3"],
    ['4@(%rax,%rbx,3)', 'usdt: invalid SIB scale 3, expected 1, 2, 4, 8'],
    ['8@%rax nonsense', "usdt: unrecognized arg #1 spec 'nonsense'"],
    [Array(13).fill('8@%rax').join(' '), "usdt: too many USDT arguments (> 12) for 'a:b' with args spec"],
  ])('%s is refused', (text, warning) => {
    const warnings: string[] = [];
    expect(() => x64(text, warnings)).toThrow();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(warning);
  });

  test.each([
    ['-4@[sp, 96]', { ...plain, kind: 'memory', value: 96n, register: 248, signed: true, size: 4 }],
    ['8@[x3]', { ...plain, kind: 'memory', register: 24, size: 8 }],
    ['-8@x30', { ...plain, kind: 'register', register: 240, signed: true, size: 8 }],
    ['4@5', { ...plain, kind: 'constant', value: 5n, size: 4 }],
  ])('on arm64: %s', (text, expected) => {
    expect(parseUsdtArguments(text, 'a:b', 'arm64', silent)).toEqual([expected]);
  });
});

describe('what the program is told', () => {
  const file = new URL('../../fixtures/objects/static-probes.bpf.o', import.meta.url);
  const spec = parseObject(readFileSync(file), { path: 'static-probes.bpf.o' });
  const map = spec.maps.find(({ name }) => name === '__bpf_usdt_specs')!;

  test('stands where the members of the object are', () => {
    const bytes = encodeUsdtSpec(spec.btf!, map.valueTypeId, x64('-4@112(%rsp) 8@%r12'), silent);
    // { u64 val_off; u32 arg_type; s16 reg_off; bool arg_signed; s8 arg_bitshift; } args[12]; u64 cookie; s16 arg_cnt;
    expect(bytes.length).toBe(208);
    expect(Buffer.from(bytes.subarray(0, 32)).toString('hex')).toBe(
      '7000000000000000020000009800012000000000000000000100000018000000'.slice(0, 64),
    );
    expect(bytes[200]).toBe(2);
    expect(bytes.subarray(32, 200).every((byte) => byte === 0)).toBe(true);
  });

  test('follows the bit-fields of newer versions', () => {
    const types = new Types();
    const [u8, u16, s16, u64] = [
      types.int('u8', 1),
      types.int('u16', 2),
      types.int('s16', 2, { signed: true }),
      types.int('u64', 8),
    ];
    const argument = types.struct('__bpf_usdt_arg_spec', 24, [
      ['val_off', u64, 0],
      ['arg_type', u16, 64, 8],
      ['idx_reg_off', u16, 80, 12],
      ['scale_bitshift', u16, 92, 4],
      ['reg_off', s16, 112, 0],
      ['arg_signed', u8, 128, 0],
      ['arg_bitshift', u8, 136, 0],
    ]);
    const id = types.struct('__bpf_usdt_spec', 304, [
      ['args', types.array(argument, 12), 0],
      ['usdt_cookie', u64, 288],
      ['arg_cnt', s16, 296],
    ]);
    const bytes = encodeUsdtSpec(types.btf, id, x64('1@-96(%rbp,%rax,8)'), silent);
    expect(Buffer.from(bytes.subarray(0, 24)).toString('hex')).toBe(
      'a0ffffffffffffff030050300000200000380000000000000'.slice(0, 48),
    );
    expect(bytes[296]).toBe(1);
  });

  test('says so where an argument is beyond the object', () => {
    expect(() => encodeUsdtSpec(spec.btf!, map.valueTypeId, x64('1@(%rbp,%rax,8)'), silent)).toThrow('idx_reg_off');
    expect(() => encodeUsdtSpec(new RecordView(spec.btf!.finish()), 0, [], silent)).toThrow();
  });
});

describe('places of probes', () => {
  const wanted = { path: '/a', provider: 'p', name: 'n' };
  test.each([
    ['text', Buffer.from('#!/bin/sh\n'), "usdt: unrecognized ELF kind 0 for '/a'"],
    [
      'an object',
      readFileSync(new URL('../../fixtures/objects/core.bpf.o', import.meta.url)),
      "usdt: unsupported type of ELF binary '/a' (1), only ET_EXEC and ET_DYN are supported",
    ],
    ['a program without probes', readFileSync('/bin/sh'), "usdt: no USDT notes section (.note.stapsdt) found in '/a'"],
  ])('%s has none', (_what, bytes, warning) => {
    const warnings: string[] = [];
    expect(() => usdtPlaces(sourceOf(bytes), wanted, (_level, text) => void warnings.push(text))).toThrow();
    expect(warnings).toEqual([warning]);
  });
});

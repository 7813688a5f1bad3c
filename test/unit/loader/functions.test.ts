import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../../src/bytes/index.ts';
import { SyscallError } from '../../../src/errors/index.ts';
import { binaryFile, functionOffset, functionOffsets, matchingOffsets } from '../../../src/loader/attach/functions.ts';
import type { AttachContext } from '../../../src/loader/attach/link.ts';
import { codeOffset, linkedFile, type MadeFile, zipArchive } from '../../support/elf/linked.ts';

/** Files by path, and what was said while they were read. */
function machine(files: Record<string, Uint8Array>) {
  const said: string[] = [];
  let read = 0;
  const openFile = (path: string) => {
    const bytes = files[path];
    if (!bytes) throw new SyscallError('open', 2, 'ENOENT', 'No such file or directory');
    const source = sourceOf(bytes);
    const counted = (offset: number, length: number) => {
      read += length;
      return source.read(offset, length);
    };
    return { size: source.size, read: counted, [Symbol.dispose]: () => undefined };
  };
  const log: AttachContext['log'] = (level, text) => void (level === 'warn' && said.push(text));
  const context = { kernel: { openFile }, log } as unknown as AttachContext;
  return { context, said, bytesRead: () => read };
}

const offset = (made: MadeFile, name: string) => {
  const { context, said } = machine({ '/lib/a.so': linkedFile(made) });
  return { at: functionOffset(context, { path: '/lib/a.so' }, name), said };
};

const plain = [{ name: 'run', value: 0x1010 }];

describe('a function of a program or library', () => {
  it.each([
    ['64 bits', { bits: 64, littleEndian: true }],
    ['32 bits', { bits: 32, littleEndian: true }],
    ['64 bits, big-endian', { bits: 64, littleEndian: false }],
    ['32 bits, big-endian', { bits: 32, littleEndian: false }],
  ] as const)('is found in a file of %s', (_, form) => {
    expect(offset({ ...form, dynamic: plain }, 'run').at).toBe(codeOffset[form.bits] + 0x10);
    expect(offset({ ...form, static: plain }, 'run').at).toBe(codeOffset[form.bits] + 0x10);
  });

  it('is looked for among dynamic symbols first', () => {
    const made = { dynamic: plain, static: [{ name: 'run', value: 0x1040 }] };
    expect(offset(made, 'run').at).toBe(64 + 0x10);
  });

  const versioned: MadeFile = {
    versions: ['BASE', 'V_1', 'V_2'],
    dynamic: [
      { name: 'run', value: 0x1010, version: 2 | 0x8000 },
      { name: 'run', value: 0x1020, version: 3 },
      { name: 'only', value: 0x1030, version: 2 },
    ],
  };
  it.each([
    ['run@V_1', 0x10],
    ['run@@V_2', 0x20],
    ['run@V_2', 0x20],
    ['only@V_1', 0x30],
    ['only', 0x30],
  ])('with a version, %s', (name, expected) => {
    expect(offset(versioned, name).at).toBe(64 + expected);
    expect(offset({ ...versioned, bits: 32, littleEndian: false }, name).at).toBe(52 + expected);
  });

  it.each(['run@V_3', 'only@V_2', 'run@', 'no@V_1'])('that is not there in this version: %s', (name) => {
    expect(() => offset(versioned, name)).toThrow(`failed to find symbol '${name}'`);
  });

  it('is ambiguous without a version', () => {
    expect(() => offset(versioned, 'run')).toThrow("elf: ambiguous match for 'run', 'run' in '/lib/a.so'");
  });

  it('has its version in its name among static symbols', () => {
    const made = {
      static: [
        { name: 'run@V_1', value: 0x1010 },
        { name: 'run@@V_2', value: 0x1020 },
      ],
    };
    expect(offset(made, 'run@V_1').at).toBe(64 + 0x10);
    expect(offset(made, 'run@@V_2').at).toBe(64 + 0x20);
    expect(() => offset(made, 'run@V_2')).toThrow('failed to find symbol');
  });

  it('goes before weak ones and may have aliases', () => {
    const made = {
      dynamic: [
        { name: 'run', value: 0x1010, binding: 2 },
        { name: 'run', value: 0x1020 },
        { name: 'run', value: 0x1020 },
        { name: 'other_run', value: 0x1030 },
      ],
    };
    expect(offset(made, 'run').at).toBe(64 + 0x20);
    expect(offset(made, 'other_run').at).toBe(64 + 0x30);
  });

  it('is none that is chosen when the program runs, undefined or a variable', () => {
    const made = {
      dynamic: [
        { name: 'chosen', value: 0x1010, type: 10 },
        { name: 'wanted', value: 0, section: 0 },
        { name: 'variable', value: 0x1010, type: 1 },
      ],
    };
    for (const name of ['chosen', 'wanted', 'variable', 'run']) {
      expect(() => offset(made, name)).toThrow(`elf: failed to find symbol '${name}' in '/lib/a.so'`);
    }
  });

  it('is found beyond many names, of which few are in memory', () => {
    const many = Array.from({ length: 60_000 }, (_, index) => ({
      name: `function_number_${index}_of_many`,
      value: 0x1000 + index,
    }));
    const code = { address: 0x1000, size: 3_000_000 };
    const bytes = linkedFile({ text: code, dynamic: [...many, { name: 'last_one', value: 0x1000 + 70 }] });
    const { context, bytesRead } = machine({ '/big.so': bytes });
    expect(functionOffset(context, { path: '/big.so' }, 'last_one')).toBe(64 + 70);
    expect(functionOffset(context, { path: '/big.so' }, 'function_number_59999_of_many')).toBe(64 + 59_999);
    expect(bytesRead()).toBeLessThan(2 * (bytes.length - code.size) + 10_000);
  });
});

describe('functions', () => {
  it('by a pattern: static symbols first, aliases as often as they stand there', () => {
    const made = {
      dynamic: [{ name: 'run_far', value: 0x1050 }],
      static: [
        { name: 'run_a', value: 0x1010 },
        { name: 'run_b', value: 0x1010 },
        { name: 'walk', value: 0x1020 },
      ],
    };
    const { context } = machine({ a: linkedFile(made), b: linkedFile({ dynamic: made.dynamic }) });
    expect(matchingOffsets(context, 'a', 'run*')).toEqual([64 + 0x10, 64 + 0x10]);
    expect(matchingOffsets(context, 'b', 'run*')).toEqual([64 + 0x50]);
    expect(matchingOffsets(context, 'a', '*far')).toEqual([64 + 0x50]);
    expect(() => matchingOffsets(context, 'a', 'jump*')).toThrow("matches 'jump*'");
  });

  it('by their names, in the order they are asked for', () => {
    const { context } = machine({ a: linkedFile({ dynamic: plain, static: [{ name: 'walk', value: 0x1020 }] }) });
    expect(functionOffsets(context, 'a', ['walk', 'run'])).toEqual([64 + 0x20, 64 + 0x10]);
    expect(() => functionOffsets(context, 'a', ['run', 'jump'])).toThrow("no function 'jump'");
  });
});

describe('a library stored in an archive', () => {
  const library = linkedFile({ dynamic: plain });
  const entry = 'lib/x86_64/libnative.so';
  const find = (bytes: Uint8Array, name = `/app.apk!/${entry}`) => {
    const { context, said } = machine({ '/app.apk': bytes });
    return { said, at: () => functionOffset(context, binaryFile(name), 'run') };
  };

  it.each([
    ['alone', [], ''],
    [
      'after others, before a comment',
      [
        { name: 'a', bytes: Buffer.from('text') },
        { name: 'b', bytes: library },
      ],
      'signed by someone',
    ],
    ['beside a directory of its name', [{ name: `${entry}/`, bytes: new Uint8Array(0) }], 'PK\u0005\u0006'],
  ] as const)('%s', (_, others, comment) => {
    const archive = zipArchive([...others, { name: entry, bytes: library }], comment);
    const start = Buffer.from(archive).indexOf(library, others.length > 1 ? library.length + 80 : 0);
    expect(find(archive).at()).toBe(start + 64 + 0x10);
  });

  it.each([
    [
      'compressed',
      zipArchive([{ name: entry, bytes: library, method: 8 }]),
      `zip: entry ${entry} of /app.apk is compressed and cannot be handled`,
    ],
    [
      'absent',
      zipArchive([{ name: 'x', bytes: library }]),
      `zip: could not find archive member ${entry} in /app.apk: -2`,
    ],
    [
      'encrypted',
      zipArchive([{ name: entry, bytes: library, flags: 1 }]),
      `zip: could not find archive member ${entry} in /app.apk: -2`,
    ],
    [
      'of a size that follows',
      zipArchive([{ name: entry, bytes: library, flags: 8 }]),
      `zip: could not find archive member ${entry} in /app.apk: -2`,
    ],
    ['in no archive', Buffer.from('nothing that has a directory at its end'), 'zip: failed to open /app.apk: -22'],
    [
      'no library',
      zipArchive([{ name: entry, bytes: Buffer.from('text') }]),
      `elf: failed to get ehdr from ${entry}: invalid \`Elf' handle`,
    ],
  ])('%s: refused in words', (_, archive, words) => {
    const { said, at } = find(archive);
    expect(at).toThrow();
    expect(said).toEqual([words]);
  });

  it('cut anywhere: refused, never read beyond', () => {
    const archive = zipArchive([{ name: entry, bytes: library }]);
    for (let length = 0; length < archive.length; length += 7) {
      expect(find(archive.subarray(0, length)).at).toThrow('zip: failed to open');
    }
  });
});

describe('a file that is no usable program', () => {
  it.each([
    ['text', Buffer.from('#!/bin/sh\n'), "elf: failed to get ehdr from a: invalid `Elf' handle"],
    ['nothing', new Uint8Array(0), "elf: failed to get ehdr from a: invalid `Elf' handle"],
    [
      'cut in its header',
      linkedFile({ dynamic: plain }).subarray(0, 40),
      "elf: failed to get ehdr from a: invalid `Elf' handle",
    ],
    [
      'cut before its sections',
      linkedFile({ dynamic: plain }).subarray(0, 200),
      "elf: failed to find symbol 'run' in 'a'",
    ],
  ])('%s', (_, bytes, words) => {
    const { context, said } = machine({ a: bytes });
    expect(() => functionOffset(context, { path: 'a' }, 'run')).toThrow();
    expect(said).toEqual([words]);
  });

  it('with any byte changed gives an offset or an ObjectError', () => {
    const whole = linkedFile({ versions: ['BASE', 'V'], dynamic: plain, static: plain });
    for (let at = 0; at < whole.length; at++) {
      if (at >= 64 && at < 64 + 0x100) continue;
      for (const value of [0, 0xff, whole[at]! ^ 0x80]) {
        const bytes = Uint8Array.from(whole);
        bytes[at] = value;
        const { context } = machine({ a: bytes });
        for (const name of ['run', 'run@V']) {
          try {
            expect(functionOffset(context, { path: 'a' }, name)).toBeTypeOf('number');
          } catch (error) {
            expect((error as { code?: string }).code).toBe('ERR_OBJECT');
          }
        }
      }
    }
  });
});

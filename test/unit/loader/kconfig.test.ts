import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { resolveExterns } from '../../../src/loader/externs.ts';
import { parseObject } from '../../../src/object/index.ts';
import type { Kernel } from '../../../src/sys/index.ts';

const object = readFileSync(new URL('../../fixtures/objects/externs.bpf.o', import.meta.url));
const whole = parseObject(object, { path: 'externs.bpf.o' });
/** Only what the configuration tells. */
const spec = { ...whole, externs: whole.externs.filter(({ name }) => name.startsWith('CONFIG_')) };
const needed = 'CONFIG_BPF_SYSCALL=y\nCONFIG_HZ=250\n';

/** The value of one of the variables, and what was said. */
function configured(text: string | Uint8Array, name = 'CONFIG_NR_CPUS') {
  const said: string[] = [];
  const kernel = {
    readText: () => '6.18.0\n',
    exists: (path: string) => path === '/boot/config-6.18.0',
    readFile: () => Buffer.from(text),
  } as unknown as Kernel;
  const log = (_: string, line: string) => void said.push(line);
  const run = () => resolveExterns({ kernel, log, kernelBtf: undefined }, spec).kconfig!;
  const extern = spec.externs.find((candidate) => candidate.name === name)!;
  const value = () =>
    extern.kind === 'kconfig' ? run().subarray(extern.offset, extern.offset + extern.size) : undefined;
  return { said, value };
}

describe('the kernel’s configuration', () => {
  it.each([
    ['16', [16, 0]],
    ['0x10', [16, 0]],
    ['010', [8, 0]],
    ['+7', [7, 0]],
    ['-5', [0xfb, 0xff]],
    ['0', [0, 0]],
  ])('number %s', (text, bytes) => {
    const { said, value } = configured(`# a comment\n\n${needed}CONFIG_NR_CPUS=${text}\n`);
    expect([...value()!]).toEqual(bytes);
    expect(said).toEqual([]);
  });

  it('may be compressed, and is taken as empty where it is broken', () => {
    expect([...configured(gzipSync(`${needed}CONFIG_NR_CPUS=3\n`)).value()!]).toEqual([3, 0]);
    expect(configured(Uint8Array.from([0x1f, 0x8b, 1, 2, 3])).value).toThrow(
      "extern 'CONFIG_HZ' (strong): not resolved",
    );
  });

  it.each([
    ['CONFIG_HZ=', 'CONFIG_HZ=', "failed to parse 'CONFIG_HZ=': no value"],
    ['CONFIG_OTHER', 'CONFIG_OTHER\n', "failed to parse 'CONFIG_OTHER\n': no separator"],
    ['CONFIG_HZ=08', 'CONFIG_HZ', "failed to parse '08' as integer completely"],
    ['CONFIG_HZ=y', 'CONFIG_HZ', "extern (kcfg) 'CONFIG_HZ': value 'y' implies bool, tristate, or char type"],
    ['CONFIG_NR_CPUS="x', 'CONFIG_NR_CPUS', `extern (kcfg) 'CONFIG_NR_CPUS': value '"x' implies char array type`],
    ['CONFIG_NR_CPUS=70000', 'CONFIG_NR_CPUS', "extern (kcfg) 'CONFIG_NR_CPUS': value '70000' doesn't fit in 2 bytes"],
    ['CONFIG_HZ=18446744073709551616', 'CONFIG_HZ', "failed to parse '18446744073709551616': -ERANGE"],
  ])('%s is refused in libbpf’s words', (line, shown, words) => {
    const { said, value } = configured(`${line}\n${needed}`);
    expect(value).toThrow();
    expect(said[0]).toBe(words);
    expect(said.at(-1)).toMatch(/^error parsing system Kconfig line '/);
    expect(said.at(-1)).toContain(`'${shown}': -E`);
  });
});

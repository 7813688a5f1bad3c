// BTF reduced to what objects need, beside the reference's `gen min_core_btf`.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBtf } from '../../src/btf/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { minimizeBtf } from '../../src/object/index.ts';
import { findPrograms, type Programs, run } from '../support/parity/programs.ts';

const vmlinux = '/sys/kernel/btf/vmlinux';
const fixtures = path.resolve(import.meta.dirname, '../fixtures');
const objects = path.join(fixtures, 'objects');
const hasTypes = (file: string) => {
  const names = parseElf(readFileSync(file)).sections.map(({ name }) => name);
  return names.includes('.BTF') && names.includes('.BTF.ext');
};
const inputs = [
  ['core.bpf.o'],
  ['core-unresolved.bpf.o'],
  ['core-unfit.bpf.o', 'many-core.bpf.o'],
  ['kernel-types.bpf.o', 'core.bpf.o'],
  ['struct-ops.bpf.o'],
  ['maps.bpf.o'],
  readdirSync(objects).filter((name) => name.endsWith('.bpf.o') && hasTypes(path.join(objects, name))),
];

let folder: string;
let programs: Programs;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-minimize-'));
  programs = findPrograms(path.join(folder, 'bin'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the smallest BTF of the kernel', () => {
  it.each(inputs.map((names) => [names.join(', ').slice(0, 60), names] as const))(
    'is as the reference makes it for %s',
    { timeout: 120_000 },
    async (_, names) => {
      const files = names.map((name) => path.join(objects, name));
      const output = path.join(folder, 'reference.btf');
      const words = ['gen', 'min_core_btf', vmlinux, output, ...files];
      expect(await run(programs.reference, words)).toMatchObject({ status: 0 });
      const all = files.map((name) => ({ name, bytes: readFileSync(name) }));
      const made = minimizeBtf(parseBtf(readFileSync(vmlinux)), all);
      expect(Buffer.from(made).equals(readFileSync(output))).toBe(true);
    },
  );
});

describe('bpftool gen min_core_btf', () => {
  const output = () => path.join(folder, 'output.btf');
  const core = path.join(objects, 'core.bpf.o');
  const withoutTypes = path.join(fixtures, 'link/without-types.bpf.o');
  const both = async (words: readonly string[]) => {
    const outcomes = [];
    for (const program of [programs.reference, programs.ours]) {
      rmSync(output(), { force: true });
      const outcome = await run(program, ['gen', 'min_core_btf', ...words]);
      outcomes.push({ ...outcome, file: existsSync(output()) ? readFileSync(output(), 'latin1') : undefined });
    }
    return { theirs: outcomes[0]!, own: outcomes[1]! };
  };

  it('writes the file', async () => {
    const { theirs, own } = await both([vmlinux, output(), core]);
    expect(own).toEqual(theirs);
    expect(own.file?.length).toBeGreaterThan(500);
  });

  it.each([
    ['an object that is not there', () => [vmlinux, output(), core, path.join(folder, 'absent')]],
    ['what is no object', () => [vmlinux, output(), '/etc/passwd']],
    ['an object without types', () => [vmlinux, output(), withoutTypes]],
    ['types without records of programs', () => [vmlinux, output(), vmlinux]],
    ['an input that is not there', () => [path.join(folder, 'absent'), output(), core]],
    ['an input that is no BTF', () => ['/etc/passwd', output(), core]],
    ['an ambiguous field', () => [core, output(), core]],
    ['a folder that is not there', () => [vmlinux, path.join(folder, 'absent/output.btf'), core]],
    ['a folder as the output', () => [vmlinux, folder, core]],
    ['too few words', () => [vmlinux, output()]],
  ] as const)('refuses %s', { timeout: 60_000 }, async (_, words) => {
    const { theirs, own } = await both(words());
    expect(own).toEqual(theirs);
    expect(own.file).toBe(undefined);
  });

  it('refuses an object that was cut off, and one of another machine', async () => {
    const half = path.join(folder, 'half.o');
    writeFileSync(half, readFileSync(core).subarray(0, 2000));
    for (const file of [half, '/usr/bin/true']) {
      const { theirs, own } = await both([vmlinux, output(), core, file]);
      expect(own).toEqual(theirs);
      expect(own.file).toBe(undefined);
    }
  });

  it('leaves nothing on a full disk, and what was there before', async () => {
    const disk = path.join(folder, 'disk');
    const script = `mkdir -p ${disk} && mount -t tmpfs -o size=4k none ${disk} && echo before > ${disk}/output && \
      { "$@"; echo "status $?"; cat ${disk}/output; ls -A ${disk}; }`;
    const words = ['gen', 'min_core_btf', vmlinux, path.join(disk, 'output'), core];
    const { stdout, stderr } = await run(['unshare', '-m', 'sh', '-c', script, 'sh', ...programs.ours], words);
    expect(stdout).toBe('status 228\nbefore\noutput\n');
    expect(stderr).toBe('Error: error saving btf file: No space left on device\n');
  });

  it('says when the disk is full', async () => {
    const { own } = await both([vmlinux, '/dev/full', core]);
    expect(own).toMatchObject({ status: 228, stderr: 'Error: error saving btf file: No space left on device\n' });
  });
});

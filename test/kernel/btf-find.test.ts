import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compilerMessages } from '../support/btf/typescript-check.ts';
import { findPrograms, type Programs, run } from '../support/parity/programs.ts';

const vmlinux = '/sys/kernel/btf/vmlinux';
let folder: string;
let programs: Programs;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-find-'));
  programs = findPrograms(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ours = (...words: string[]) => run(programs.ours, words);

describe('btf find', () => {
  test('prints a type as C, with its id', async () => {
    const { stdout, stderr, status } = await ours('btf', 'find', 'file', vmlinux, 'list_head');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const text = 'struct list_head {\n\tstruct list_head *next;\n\tstruct list_head *prev;\n};\n';
    expect(stdout).toMatch(/^\/\* type \d+: struct, 16 bytes \*\/\n/);
    expect(stdout.slice(stdout.indexOf('\n') + 1)).toBe(text);
  });

  test('says where a member lies, in JSON too, as the reference dumps it', async () => {
    const { stdout } = await ours('-j', 'btf', 'find', 'file', vmlinux, 'task_struct.mm.pgd');
    const [mm, pgd] = JSON.parse(stdout);
    expect(mm).toMatchObject({ path: 'task_struct.mm', size: 8, bit_size: 64, bit_field: false });
    expect(pgd).toMatchObject({ path: 'mm_struct.pgd', type: 'pgd_t *' });
    const dump = await run(programs.reference, ['btf', 'dump', 'file', vmlinux, 'root_id', String(mm.container_id)]);
    expect(dump.stdout).toContain(`\t'mm' type_id=${mm.type_id} bits_offset=${mm.bit_offset}\n`);
  });

  test('errors name what is wrong, and what may have been meant', async () => {
    const wrong = await ours('btf', 'find', 'file', vmlinux, 'task_strct');
    expect(wrong).toMatchObject({ stdout: '', status: 255 });
    expect(wrong.stderr).toMatch(/^Error: no type is called 'task_strct' \(did you mean 'task_struct'/);
    const json = await ours('-j', 'btf', 'find', 'file', vmlinux, 'task_struct.mmm');
    expect(JSON.parse(json.stdout)).toEqual({ error: "'task_struct' has no member 'mmm' (did you mean 'mm'?)" });
    expect(json.status).toBe(255);
    expect((await ours('btf', 'find', 'file', '/absent', 'x')).status).toBe(254);
    expect((await ours('btf', 'find', 'file', vmlinux)).stderr).toContain('needs a name');
  });
});

describe('btf types', () => {
  test('declares roots and what they hold', { timeout: 60_000 }, async () => {
    const { stdout, stderr, status } = await ours('btf', 'types', 'file', vmlinux, 'root', 'task_struct', 'pid_t');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toContain('export interface task_struct {');
    expect(stdout).toContain('export type pid_t = ');
    expect(compilerMessages(stdout)).toBe('');
  });

  test('wrong words are errors', async () => {
    expect((await ours('btf', 'types', 'file', vmlinux, 'root', 'pid_tt')).stderr).toContain("did you mean 'pid_t'");
    expect((await ours('btf', 'types', 'file', vmlinux, 'roots')).status).toBe(255);
    expect((await ours('btf', 'types', 'file', vmlinux, 'root')).status).toBe(255);
    expect((await ours('-j', 'btf', 'types', 'file', vmlinux)).status).toBe(161);
  });
});

test('the new verbs are no abbreviation of anything, nor in the usage text', async () => {
  for (const words of [['btf', 't'], ['btf', 'fin'], ['btf', 'help'], ['btf']]) {
    expect(await ours(...words)).toEqual(await run(programs.reference, words));
  }
});

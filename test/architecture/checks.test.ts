// Whole-project checks: types, style, and generated files that are current.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');
const minute = 60_000;

function run(program: string, argv: string[]) {
  const result = spawnSync(program, argv, { cwd: project, encoding: 'utf8', maxBuffer: 1 << 26 });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

describe('the project', () => {
  it('has no type errors', { timeout: 3 * minute }, () => {
    const { status, output } = run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
    expect(output).toBe('');
    expect(status).toBe(0);
  });

  it('has no type errors in its scripts', { timeout: 3 * minute }, () => {
    const words = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.scripts.json'];
    const { status, output } = run(process.execPath, words);
    expect(output).toBe('');
    expect(status).toBe(0);
  });

  it('has no type errors in its examples and the snippets of its guides', { timeout: 3 * minute }, () => {
    const words = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.examples.json'];
    const { status, output } = run(process.execPath, words);
    expect(output).toBe('');
    expect(status).toBe(0);
  });

  it('passes the linter and is formatted', { timeout: 2 * minute }, () => {
    const { status, output } = run(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check']);
    expect(status, output).toBe(0);
  });

  it('has current completions, man pages and skeletons of examples', { timeout: 2 * minute }, () => {
    const script = path.join(project, 'scripts/generate-docs.mjs');
    const fresh = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-generated-'));
    try {
      const { status, output } = run(process.execPath, [script, '--outdir', fresh]);
      expect(status, output).toBe(0);
      for (const folder of ['completions', 'man', 'examples/generated']) {
        const made = readdirSync(path.join(fresh, folder)).sort();
        expect(readdirSync(path.join(project, folder)).sort()).toEqual(made);
        for (const name of made) {
          const committed = readFileSync(path.join(project, folder, name), 'utf8');
          expect(committed, `${folder}/${name}`).toBe(readFileSync(path.join(fresh, folder, name), 'utf8'));
        }
      }
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  });

  it('has current lists of the public API of each entry, every export with a comment', { timeout: 2 * minute }, () => {
    const { status, output } = run(process.execPath, ['scripts/api.mjs', '--check']);
    expect(status, output).toBe(0);
  });

  it('has the code of its guides as it stands in its files', { timeout: minute }, () => {
    const { status, output } = run(process.execPath, ['scripts/docs.mjs', '--check']);
    expect(status, output).toBe(0);
    const pages = readdirSync(path.join(project, 'docs')).filter((name) => name.endsWith('.md'));
    const all = pages.map((name) => readFileSync(path.join(project, 'docs', name), 'utf8')).join('');
    const snippets = readdirSync(path.join(project, 'docs/snippets'));
    expect(snippets.filter((name) => !all.includes(`docs/snippets/${name}`))).toEqual([]);
    // No code in another language of ours than that of a file.
    expect([...all.matchAll(/(?<!-->\n)^```ts$/gm)]).toEqual([]);
  });

  it('has current kernel facts', { timeout: minute }, () => {
    const { status, output } = run(process.execPath, ['scripts/uapi/generate.mjs', '--check']);
    expect(status, output).toBe(0);
  });

  it('commits the object of every BPF source', () => {
    for (const folder of ['examples', 'test/fixtures/objects']) {
      const names = readdirSync(path.join(project, folder)).filter((name) => name.endsWith('.bpf.c'));
      const missing = names.filter((name) => !existsSync(path.join(project, folder, name.replace(/\.c$/, '.o'))));
      expect(missing).toEqual([]);
    }
  });
});

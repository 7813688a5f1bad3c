// What a user installs: the packed file, in an empty folder elsewhere, with no script of any package run.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');
const quick = { timeout: 60_000 };

describe('the packed and installed package', () => {
  let folder: string;
  let installed: string;
  let packedFile: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-package-'));
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
        cwd: project,
        encoding: 'utf8',
      }),
    ) as [{ filename: string }];
    packedFile = path.join(folder, packed[0].filename);
    const home = path.join(folder, 'home');
    mkdirSync(home);
    writeFileSync(path.join(home, 'package.json'), '{ "private": true }\n');
    execFileSync('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', packedFile], {
      cwd: home,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    installed = path.join(home, 'node_modules/tsbpftool');
  }, 240_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('runs as npx tsbpftool', quick, () => {
    const result = spawnSync('npx', ['--no-install', 'tsbpftool', 'version'], {
      cwd: path.join(folder, 'home'),
      encoding: 'utf8',
    });
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(/^tsbpftool v\d+\.\d+\.\d+\n/);
    expect(result.status).toBe(0);
  });

  it('shows maps, or says in one line why it may not', quick, () => {
    const result = spawnSync('npx', ['--no-install', 'tsbpftool', '-j', 'map', 'show'], {
      cwd: path.join(folder, 'home'),
      encoding: 'utf8',
    });
    expect(() => JSON.parse(result.stdout)).not.toThrow();
    expect(result.stderr).toBe('');
  });

  it('brings man pages and completions', () => {
    for (const name of [
      'completions/tsbpftool.bash',
      'completions/tsbpftool.zsh',
      'completions/tsbpftool.fish',
      'man/tsbpftool.8',
    ]) {
      expect(existsSync(path.join(installed, name)), name).toBe(true);
    }
    const { man } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as { man: string[] };
    expect(man.length).toBeGreaterThan(0);
    for (const page of man) expect(existsSync(path.join(installed, page)), page).toBe(true);
  });

  it('is small, and right in the eyes of those who check packages', { timeout: 120_000 }, () => {
    // Bytes: under a mebibyte.
    expect(statSync(packedFile).size).toBeLessThan(1_000_000);
    const check = (...words: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' });
      expect(status, stdout + stderr).toBe(0);
    };
    check('node_modules/publint/src/cli.js', '--strict', packedFile);
    // The package is for import; require() takes it where Node lets it take modules.
    check('node_modules/@arethetypeswrong/cli/dist/index.js', packedFile, '--profile', 'esm-only');
  });

  it('brings no sources, tests or caches', () => {
    for (const name of ['src', 'test', '.cache', 'scripts', 'dist/standalone', 'node_modules/vitest']) {
      expect(existsSync(path.join(installed, name)), name).toBe(false);
    }
  });

  it('is a library with types', () => {
    const { exports } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as {
      exports: Record<string, { types: string; default: string } | string>;
    };
    for (const target of Object.values(exports)) {
      const files = typeof target === 'string' ? [target] : Object.values(target);
      for (const file of files) expect(existsSync(path.join(installed, file)), file).toBe(true);
    }
    const library = spawnSync(process.execPath, ['--input-type=module', '-e', "await import('tsbpftool');"], {
      cwd: path.join(folder, 'home'),
      encoding: 'utf8',
    });
    expect(library.stderr).toBe('');
  });
});

// What package.json declares against what is used, in both directions, and what it says of the modules.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleTests, testsIn } from '../../scripts/kernels/bundle.mjs';

const project = path.resolve(import.meta.dirname, '../..');

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly scripts: Record<string, string>;
}

const manifest = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as Manifest;

/** Declared though no import names them, and why. An entry that is imported by now does no harm. */
const notImported: Readonly<Record<string, string>> = {
  koffi: 'its addon is loaded directly, by the path of its file',
  '@typescript/typescript6': 'rollup-plugin-dts asks for it, as the compiler with an interface for programs',
};

const textsOf = (folder: string) =>
  readdirSync(path.join(project, folder), { recursive: true })
    .map(String)
    .filter((name) => /\.(?:ts|mjs|js)$/.test(name) && !/fixtures|golden/.test(name))
    .map((name) => readFileSync(path.join(project, folder, name), 'utf8'));

/** Names of the packages that statements and calls of `import` name. */
function importedBy(texts: readonly string[]): Set<string> {
  const specifiers = texts.flatMap((text) =>
    [
      /^\s*(?:import|export)\s[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]/gm,
      /^\s*\} from\s+['"]([^'"]+)['"]/gm,
      /^\s*import\s+['"]([^'"]+)['"]/gm,
      /\bimport\(\s*['"]([^'"]+)['"]/g,
    ].flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!)),
  );
  const packages = specifiers
    .filter((name) => /^[@\w][\w./@-]*$/.test(name) && !isBuiltin(name) && !name.startsWith('bun:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  return new Set(packages.filter((name) => name !== 'tsbpftool'));
}

const product = importedBy(textsOf('src'));
const work = importedBy([
  ...textsOf('test'),
  ...textsOf('scripts'),
  readFileSync(path.join(project, 'vitest.config.ts'), 'utf8'),
]);

/** Programs of packages: run by the scripts of package.json, or by path from a script or test. */
function isRun(name: string): boolean {
  const { bin } = JSON.parse(readFileSync(path.join(project, 'node_modules', name, 'package.json'), 'utf8')) as {
    bin?: string | Record<string, string>;
  };
  const words = new Set(Object.values(manifest.scripts).flatMap((script) => script.split(' ')));
  const programs = typeof bin === 'object' ? Object.keys(bin) : [name];
  if (programs.some((program) => words.has(program))) return true;
  return [...textsOf('test'), ...textsOf('scripts')].some((text) => text.includes(`node_modules/${name}/`));
}

/** The types of a package that is declared, or of Node. */
function isTypes(name: string): boolean {
  const subject = name.replace(/^@types\//, '');
  return (
    subject !== name && (subject === 'node' || subject in manifest.dependencies || subject in manifest.devDependencies)
  );
}

describe('the packages', () => {
  it('that the product imports are its dependencies', () => {
    expect([...product].filter((name) => !(name in manifest.dependencies))).toEqual([]);
    expect(product.size).toBeGreaterThan(0);
  });

  it('that tests and scripts import are declared', () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies };
    expect([...work].filter((name) => !(name in declared))).toEqual([]);
    expect([...work]).toContain('vitest');
  });

  it('that are dependencies of the product are imported by it', () => {
    const idle = Object.keys(manifest.dependencies).filter((name) => !product.has(name) && !(name in notImported));
    expect(idle).toEqual([]);
  });

  it('that are declared for development are used there', () => {
    const idle = Object.keys(manifest.devDependencies).filter(
      (name) => !work.has(name) && !(name in notImported) && !isTypes(name) && !isRun(name),
    );
    expect(idle).toEqual([]);
  });

  it('that are excepted are declared', () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.keys(notImported).filter((name) => !(name in declared))).toEqual([]);
  });
});

describe('modules without side effects', () => {
  it('leave every test in the bundle for virtual machines', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-bundle-'));
    try {
      const outfile = path.join(folder, 'run.mjs');
      const folders = ['test/parity', 'test/kernel'];
      await bundleTests({ project, folders, outfile });
      const bundle = readFileSync(outfile, 'utf8');
      const files = folders.flatMap((name) => testsIn(path.join(project, name)));
      const titles = files.flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(/\b(?:it|describe)(?:\.\w+)*\('([^'"\\`\u0080-\uffff]+)'/g)].map(
          (match) => match[1]!,
        ),
      );
      expect(titles.filter((title) => !bundle.includes(JSON.stringify(title)))).toEqual([]);
      expect(titles.length).toBeGreaterThan(files.length);
      expect(bundle.split('beginFile();').length - 1).toBe(files.length);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

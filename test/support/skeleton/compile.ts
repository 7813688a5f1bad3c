// What the TypeScript compiler says of modules that import `tsbpftool`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const project = path.resolve(import.meta.dirname, '../../..');
const compiler = path.join(project, 'node_modules/typescript/bin/tsc');

/** The strictest that the compiler has. */
const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
};

export const resolutions = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
} as const;

/** The compiler's messages on modules by name of their file; `tsbpftool` is the project's own source. */
export function messagesOn(modules: ReadonlyMap<string, string>, resolution: keyof typeof resolutions): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-skeletons-'));
  try {
    mkdirSync(path.join(folder, 'src'));
    for (const [name, text] of modules) writeFileSync(path.join(folder, 'src', name), text);
    const configuration = {
      compilerOptions: {
        ...strict,
        ...resolutions[resolution],
        target: 'es2022',
        lib: ['es2023', 'esnext.disposable'],
        types: ['node'],
        typeRoots: [path.join(project, 'node_modules/@types')],
        noEmit: true,
        skipLibCheck: true,
        allowImportingTsExtensions: true,
        paths: { tsbpftool: [path.join(project, 'src/index.ts')] },
      },
      include: ['src'],
    };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(configuration));
    const { stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8', cwd: folder });
    // Errors of the library's own source are another check's business.
    const own = (stdout + stderr).split('\n').filter((line) => /^src\//.test(line) || /^error/.test(line));
    return own.join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

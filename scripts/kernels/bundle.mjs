// Bundles the tests that meet a kernel into one file that needs no vitest, no npm packages but the product's own.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

/**
 * Tests whose outcome hardly depends on the kernel: where arrays lie in memory during a call is V8's matter; completion and hints are
 * one of shells and terminals; skeletons, examples and snippets are made of files, with compilers that are not in the machines;
 * machine code and profiles are compared with a bpftool that is not there; schemas are checked against output that the other tests
 * compare on every kernel, and their many objects take longer under emulation than all else. Damaged objects are many too, and so are
 * the options of `trace`; large values are large. The standalone file is made of a runtime that is not there.
 */
const onEveryKernelAlike = [
  'btf-find.test.ts',
  'btf-merge.test.ts',
  'btf-minimize.test.ts',
  'btf-types.test.ts',
  'c-skeleton.test.ts',
  'call-memory.test.ts',
  'completion.test.ts',
  'examples.test.ts',
  'fake-kernel.test.ts',
  'foreign-objects.test.ts',
  'gen-skeleton.test.ts',
  'help.test.ts',
  'inventory-churn.test.ts',
  'large.test.ts',
  'link-objects.test.ts',
  'long-runs.test.ts',
  'ls.test.ts',
  'manual-examples.test.ts',
  'typescript-skeleton.test.ts',
  'map-words.test.ts',
  'misuse.test.ts',
  'mistakes.test.ts',
  'object-mutants.test.ts',
  'object-strictness.test.ts',
  'prog-jited.test.ts',
  'prog-profile.test.ts',
  'schema.test.ts',
  'snippets.test.ts',
  'standalone.test.ts',
  'trace.test.ts',
];

/** Writes the bundle of all tests of the folders to `outfile`. */
export async function bundleTests({ project, folders, outfile }) {
  const files = folders.flatMap((folder) => testsIn(path.join(project, folder))).sort();
  const contents = [
    ...files.flatMap((file) => [`import 'file-start:${file}';`, `import ${JSON.stringify(file)};`]),
    `import ${JSON.stringify(path.join(project, 'test/support/runner/machine.ts'))};`,
  ].join('\n');
  await build({
    stdin: { contents, resolveDir: project, sourcefile: 'tests.ts', loader: 'ts' },
    outfile,
    bundle: true,
    // The package says that importing its modules does nothing; importing tests declares them.
    ignoreAnnotations: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: ['koffi', '@koromix/*'],
    alias: { vitest: path.join(project, 'test/support/runner/index.ts') },
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    plugins: [fileStarts(), ownFolders(project)],
    logLevel: 'warning',
  });
}

/** Tells the runner where a file begins: hooks outside any `describe` are for the tests of their file. */
function fileStarts() {
  return {
    name: 'file-starts',
    setup(builder) {
      builder.onResolve({ filter: /^file-start:/ }, ({ path: name }) => ({ path: name, namespace: 'file-start' }));
      builder.onLoad({ filter: /.*/, namespace: 'file-start' }, () => ({
        contents: "import { beginFile } from 'vitest'; beginFile();",
        resolveDir: '/',
      }));
    },
  };
}

/** Inside, files find their neighbours below /project, where the bundle does not stand beside them. */
function ownFolders(project) {
  return {
    name: 'own-folders',
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        if (file.includes('/node_modules/')) return undefined;
        const text = readFileSync(file, 'utf8');
        const inside = path.join('/project', path.relative(project, file));
        const contents = text
          .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(inside)))
          .replaceAll('import.meta.filename', JSON.stringify(inside));
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** Paths of the tests in a folder that are for every kernel. */
export function testsIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.test.ts') && !onEveryKernelAlike.includes(path.basename(name)))
    .map((name) => path.join(folder, name));
}

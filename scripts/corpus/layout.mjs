// The layout assertions of a file's BTF, by the library.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** @returns {Promise<(file: string, base?: string) => {text: string, sizes: number, members: number, bitFields: number}>} */
export async function loadLayout(project, work) {
  const outfile = path.join(work, 'layout.mjs');
  await build({
    stdin: {
      contents: `
        export { layoutAssertions } from './test/support/corpus/layout-assertions.ts';
        export { parseBtf } from './src/btf/index.ts';
        export { isElf, parseElf } from './src/elf/index.ts';
      `,
      resolveDir: project,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  const { layoutAssertions, parseBtf, isElf, parseElf } = await import(pathToFileURL(outfile).href);
  const read = (file, base) => {
    const bytes = new Uint8Array(readFileSync(file));
    const btf = isElf(bytes) ? parseElf(bytes).sections.find(({ name }) => name === '.BTF').bytes : bytes;
    return parseBtf(btf, { base });
  };
  const bases = new Map();
  return (file, base) => {
    if (base !== undefined && !bases.has(base)) bases.set(base, read(base));
    return layoutAssertions(read(file, bases.get(base)));
  };
}

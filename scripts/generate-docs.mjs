// `npm run generate [-- --outdir DIR]`: writes completions/ and man/ from the command values in src/, and the examples' skeletons.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { manPages } from './docs/man.mjs';

const project = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { outdir: { type: 'string', default: project } } });

const bundle = path.join(project, '.cache/commands.mjs');
await build({
  stdin: {
    contents:
      "export { loadFamilies } from './src/main.ts'; export { globalOptions, namespaceOption, readUsage } from './src/cli/index.ts'; " +
      "export { completionScripts } from './src/commands/completion/scripts.ts'; " +
      "export { generateSkeleton } from './src/codegen/index.ts';",
    resolveDir: project,
    loader: 'ts',
  },
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  target: 'node20.19',
  outfile: bundle,
  logLevel: 'error',
});
const { completionScripts, generateSkeleton, globalOptions, loadFamilies, namespaceOption, readUsage } = await import(
  bundle
);
const { version } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'));
const families = (await loadFamilies()).map((family) => ({ ...family, grammar: readUsage(family) }));

const hello = 'examples/hello-buffer-config.bpf.o';
const skeletons = {
  'examples/generated/hello-buffer-config.ts': generateSkeleton(readFileSync(path.join(project, hello)), {
    language: 'ts',
    path: hello,
    events: { output: 'event_t' },
  }),
};

const options = [...globalOptions, namespaceOption];
const files = { ...manPages({ families, options, version }), ...skeletons };
for (const [shell, text] of Object.entries(completionScripts)) files[`completions/tsbpftool.${shell}`] = text;
for (const [name, text] of Object.entries(files)) {
  const target = path.join(values.outdir, name);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
}

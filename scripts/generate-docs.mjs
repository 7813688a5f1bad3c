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
      "export { loadFamilies, program } from './src/main.ts'; " +
      "export { commandTopic, familyTopic, verbTopic } from './src/commands/help/topic.ts'; " +
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
const { commandTopic, completionScripts, familyTopic, generateSkeleton, loadFamilies, program, verbTopic } =
  await import(bundle);
const { version } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'));
const families = await Promise.all(
  (await loadFamilies()).map(async (family) => ({
    topic: await familyTopic(family),
    verbs: await Promise.all(family.verbs.map((verb) => verbTopic(family, verb))),
  })),
);
const commands = await Promise.all(
  program.commands
    .filter(({ name, summary }) => summary && !name.startsWith('_'))
    .map((command) => commandTopic(command)),
);

/** Examples that have events. */
const skeletons = Object.fromEntries(
  ['hello-buffer-config', 'hello-ring-buffer-config'].map((name) => {
    const file = `examples/${name}.bpf.o`;
    const request = { language: 'ts', path: file, events: { output: 'event_t' } };
    return [`examples/generated/${name}.ts`, generateSkeleton(readFileSync(path.join(project, file)), request)];
  }),
);

const files = { ...manPages({ families, commands, version }), ...skeletons };
for (const [shell, text] of Object.entries(completionScripts)) files[`completions/tsbpftool.${shell}`] = text;
for (const [name, text] of Object.entries(files)) {
  const target = path.join(values.outdir, name);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
}

// `npm run standalone [-- --target x64|arm64|x64-musl|arm64-musl]… [--outdir DIR] [--file-only]`: makes the command line into one file
// that needs no Node, and packs it: dist/standalone/tsbpftool-VERSION-linux-TARGET, a .tar.xz and a .deb of it, SHA256SUMS.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installDependencies, project, runMain } from './lib/project.mjs';
import { SetupError } from './lib/setup-error.mjs';
import { pack } from './standalone/pack.mjs';
import { ownRuntime, runtime, targets } from './standalone/runtimes.mjs';

await runMain(main);

function main() {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', multiple: true, default: [process.arch] },
      outdir: { type: 'string', default: path.join(project, 'dist/standalone') },
      'file-only': { type: 'boolean', default: false },
    },
  });
  const unknown = values.target.find((name) => targets[name] === undefined);
  if (unknown !== undefined) {
    throw new SetupError(`unknown target '${unknown}'; known: ${Object.keys(targets).join(', ')}`);
  }
  installDependencies();
  const { version } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'));
  const outdir = path.resolve(values.outdir);
  mkdirSync(outdir, { recursive: true });
  for (const target of values.target) {
    const name = `tsbpftool-${version}-linux-${target}`;
    const file = path.join(outdir, name);
    rmSync(file, { force: true });
    compile({ file, version, target });
    console.log(path.relative(process.cwd(), file));
    if (values['file-only']) continue;
    for (const packed of pack({ file, name, version, target: targets[target], outdir })) {
      console.log(path.relative(process.cwd(), packed));
    }
  }
  if (!values['file-only']) writeSums(outdir);
  return 0;
}

/** The outcome depends on the sources, the runtime and the file's own name only, so the name is the same everywhere. */
function compile({ file, version, target }) {
  const foreign = target === process.arch ? [] : [runtime(target)];
  const words = [path.join(project, 'scripts/standalone/compile.ts'), file, version, ...foreign];
  const result = spawnSync(ownRuntime(), words, { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status !== 0) throw new SetupError(`compiling ${path.basename(file)} failed`);
}

/** In the form that `sha256sum --check` reads. */
function writeSums(outdir) {
  const names = readdirSync(outdir)
    .filter((name) => name.startsWith('tsbpftool'))
    .sort();
  const lines = names.map((name) => {
    const sum = createHash('sha256')
      .update(readFileSync(path.join(outdir, name)))
      .digest('hex');
    return `${sum}  ${name}\n`;
  });
  writeFileSync(path.join(outdir, 'SHA256SUMS'), lines.join(''));
}

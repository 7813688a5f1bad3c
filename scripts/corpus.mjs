// `npm run test:corpus -- btf | load [--only PATTERN] [--kernel VERSION] [--minutes N]`: both programs on real BPF objects (those
// in the programs of Debian packages), on kernels' BTF and on the fixtures. Prints tables; fails on a difference.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SetupError } from './setup/apt.mjs';
import { setupPackages } from './setup/packages.mjs';
import { setupReference } from './setup/reference.mjs';

const project = path.dirname(import.meta.dirname);
const say = (line) => console.log(`set-up: ${line}`);
const usage = 'usage: npm run test:corpus -- btf | load [--only PATTERN]';

let code = 1;
try {
  code = await main();
} catch (error) {
  console.error(error instanceof SetupError ? `set-up: ${error.message}` : error);
}
process.exit(code);

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' } },
  });
  const [part] = positionals;
  if (positionals.length !== 1 || !['btf'].includes(part)) {
    console.error(usage);
    return 2;
  }
  if (!existsSync(path.join(project, 'node_modules/.package-lock.json'))) run('npm', ['ci', '--no-audit', '--no-fund']);
  const reference = setupReference(project, say);
  run(process.execPath, ['scripts/build.mjs', '--cli-only']);
  const { setupCorpus } = await import('./setup/corpus.mjs');
  const objects = setupCorpus(project, say);
  const only = new RegExp(values.only ?? '');
  const work = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-corpus-'));
  try {
    return (await btfPart({ objects, only, reference, work })) ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function btfPart({ objects, only, reference, work }) {
  const absent = setupPackages({ clang: 'clang', lz4: 'lz4', xz: 'xz-utils', zstd: 'zstd' }, say);
  if (absent.length > 0) throw new SetupError(`these programs are missing: ${absent.join(', ')}`);
  const { compareDumps } = await import('./corpus/btf.mjs');
  const { loadLayout } = await import('./corpus/layout.mjs');
  const { programs } = await import('./corpus/run.mjs');
  const items = [...sources(objects), ...fixtures(), ...(await kernelItems())];
  const chosen = items.filter(({ file, source }) => only.test(`${source} ${file}`));
  const layout = await loadLayout(project, work);
  return compareDumps({ items: chosen, ...programs(project, reference, path.join(work, 'bin')), layout, work });
}

function sources(objects) {
  return objects.map(({ file, package: name, suite, version }) => ({ file, source: `${name} ${version} (${suite})` }));
}

function fixtures() {
  return ['examples', 'test/fixtures/objects'].flatMap((folder) =>
    readdirSync(path.join(project, folder))
      .filter((name) => name.endsWith('.bpf.o'))
      .map((name) => ({ file: path.join(project, folder, name), source: folder })),
  );
}

async function kernelItems() {
  const { installKernel } = await import('./kernels/install.mjs');
  const { kernels } = await import('./kernels/kernels.mjs');
  const { kernelBtf } = await import('./corpus/kernel-btf.mjs');
  return kernels.flatMap((kernel) => {
    const { version } = kernel;
    const { vmlinux, modules } = kernelBtf({ version, ...installKernel(kernel, project, say) }, project);
    return [
      { file: vmlinux, source: `kernel ${version}` },
      ...modules.map((file) => ({ file, base: vmlinux, source: `modules of ${version}` })),
    ];
  });
}

function run(program, argv) {
  const result = spawnSync(program, argv, { cwd: project, stdio: 'inherit' });
  if (result.status !== 0) throw new SetupError(`${program} ${argv.join(' ')} failed`);
}

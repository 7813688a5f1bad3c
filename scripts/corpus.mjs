// `npm run test:corpus -- btf | load | skeleton | gen [--only PATTERN] [--kernel VERSION] [--minutes N]`: both programs on real BPF objects (those
// in the programs of Debian packages), on kernels' BTF and on the fixtures. Prints tables; fails on a difference.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, installDependencies, project, runMain, say } from './lib/project.mjs';
import { SetupError } from './lib/setup-error.mjs';
import { noteSuccess } from './lib/suites.mjs';
import { missingForKernelTests } from './setup/capabilities.mjs';
import { setupPackages } from './setup/packages.mjs';
import { setupReference } from './setup/reference.mjs';

const running = '/sys/kernel/btf/vmlinux';
const usage =
  'usage: npm run test:corpus -- btf | load | skeleton | gen [--only PATTERN] [--kernel VERSION] [--minutes N]';

await runMain(main);

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      kernel: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      // No object is begun after so many minutes of loading.
      minutes: { type: 'string', default: '25' },
    },
  });
  const part = { btf: btfPart, load: loadPart, skeleton: skeletonPart, gen: genPart }[positionals[0]];
  if (positionals.length !== 1 || part === undefined) {
    console.error(usage);
    return 2;
  }
  installDependencies();
  const reference = setupReference(project, say);
  if (!values['no-build']) build({ cliOnly: true });
  const { setupCorpus } = await import('./setup/corpus.mjs');
  const objects = sources(setupCorpus(project, say));
  const work = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-corpus-'));
  try {
    if (!(await part({ ...values, objects, only: new RegExp(values.only), reference, work }))) return 1;
    if (values.only === '' && values.kernel === undefined) noteSuccess(`corpus-${positionals[0]}`);
    return 0;
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
  const items = [...objects, ...fixtures(), ...(await kernelItems())];
  const chosen = items.filter(({ file, source }) => only.test(`${source} ${file}`));
  const layout = await loadLayout(project, work);
  return compareDumps({ items: chosen, ...programs(project, reference, path.join(work, 'bin')), layout, work });
}

/** Where libbpf's headers are installed, what comes out is compiled. */
async function skeletonPart({ objects, only, reference, work }) {
  const { compareSkeletons } = await import('./corpus/skeleton.mjs');
  const { programs } = await import('./corpus/run.mjs');
  const items = [...objects, ...fixtures()].filter(({ file, source }) => only.test(`${source} ${file}`));
  build({ cliOnly: false });
  const headers = existsSync('/usr/include/bpf/libbpf.h') ? '/usr/include' : undefined;
  return compareSkeletons({ items, ...programs(project, reference, path.join(work, 'bin')), project, work, headers });
}

async function genPart({ objects, only, reference, work }) {
  const { compareGenerated } = await import('./corpus/gen.mjs');
  const { programs } = await import('./corpus/run.mjs');
  const items = [...objects, ...fixtures()].filter(({ file, source }) => only.test(`${source} ${file}`));
  return compareGenerated({ items, ...programs(project, reference, path.join(work, 'bin')), work });
}

/** Objects of packages only: the tests load the fixtures. */
async function loadPart({ objects, only, reference, work, kernel: version, minutes }) {
  const { inMixedOrder } = await import('./corpus/order.mjs');
  const { reportLoads } = await import('./corpus/load-report.mjs');
  const chosen = objects.filter(({ file, source }) => only.test(`${source} ${file}`));
  const report = (found) => reportLoads({ ...found, offered: chosen.length, project });
  const limit = Number(minutes);
  if (version === undefined) {
    const reason = missingForKernelTests();
    if (reason !== undefined) throw new SetupError(`objects cannot be loaded here: ${reason}`);
    const { loadHere } = await import('./corpus/load-here.mjs');
    const { programs } = await import('./corpus/run.mjs');
    const both = programs(project, reference, path.join(work, 'bin'));
    return report(loadHere({ items: chosen, ...both, work, minutes: limit }));
  }
  const { installKernel } = await import('./kernels/install.mjs');
  const { kernels } = await import('./kernels/kernels.mjs');
  const { loadInMachine } = await import('./corpus/load-machine.mjs');
  const kernel = kernels.find((candidate) => candidate.version === version);
  if (kernel === undefined) throw new SetupError(`unknown kernel ${version}`);
  const needed = { busybox: 'busybox-static', ip: 'iproute2', 'qemu-system-x86_64': 'qemu-system-x86' };
  const absent = setupPackages({ ...needed, setpriv: 'util-linux', xz: 'xz-utils' }, say);
  if (absent.length > 0) throw new SetupError(`these programs are missing: ${absent.join(', ')}`);
  const found = await loadInMachine({
    items: inMixedOrder(chosen),
    kernel,
    ...installKernel(kernel, project, say),
    project,
    minutes: limit,
  });
  if (!found.ended) console.log(`the end of the machine's console:\n${found.consoleTail}`);
  return report(found);
}

function sources(objects) {
  return objects.map(({ file, package: name, suite, version }) => ({ file, source: `${name} ${version} (${suite})` }));
}

function fixtures() {
  return ['examples', 'test/fixtures/objects', 'test/fixtures/link'].flatMap((folder) =>
    readdirSync(path.join(project, folder))
      .filter((name) => name.endsWith('.bpf.o'))
      .map((name) => ({ file: path.join(project, folder, name), source: folder })),
  );
}

async function kernelItems() {
  const { installKernel } = await import('./kernels/install.mjs');
  const { kernels } = await import('./kernels/kernels.mjs');
  const { kernelBtf } = await import('./corpus/kernel-btf.mjs');
  const target = 'x86_64-linux-gnu';
  const own = existsSync(running) ? [{ file: running, source: 'the running kernel', target }] : [];
  const others = kernels.flatMap((kernel) => {
    const { version } = kernel;
    const { vmlinux, modules } = kernelBtf({ version, ...installKernel(kernel, project, say) }, project);
    return [
      { file: vmlinux, source: `kernel ${version}`, target },
      ...modules.map((file) => ({ file, base: vmlinux, source: `modules of ${version}`, target })),
    ];
  });
  return [...own, ...others];
}

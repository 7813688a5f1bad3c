// `npm run test:kernels [-- VERSION… [--only PATTERN] [--minutes N] [--standalone]]`: runs the tests that meet a kernel on Debian's kernels, in
// virtual machines under plain emulation; prints a table and fails on any failure.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installKernel } from './kernels/install.mjs';
import { setupGuest } from './kernels/guest.mjs';
import { everyNth, foreignKernels, kernels } from './kernels/kernels.mjs';
import { build, installDependencies, project, runMain, runStep, say } from './lib/project.mjs';
import { SetupError } from './lib/setup-error.mjs';
import { noteSuccess } from './lib/suites.mjs';
import { printTable } from './lib/table.mjs';
import { setupPackages } from './setup/packages.mjs';
import { setupReference } from './setup/reference.mjs';

/** Programs the machines are made of and with. */
const needed = {
  busybox: 'busybox-static',
  ip: 'iproute2',
  tc: 'iproute2',
  'qemu-system-x86_64': 'qemu-system-x86',
  setpriv: 'util-linux',
  xz: 'xz-utils',
};
/** How many machines run side by side. */
const atOnce = 2;

// Machines end with this process, which an unheard signal would not let them.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
await runMain(main);

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      'no-build': { type: 'boolean', default: false },
      // Tries the standalone file in place of the program on Node.
      standalone: { type: 'boolean', default: false },
      // After these a kernel counts as hung; two machines side by side need longer than one alone.
      minutes: { type: 'string', default: '20' },
    },
  });
  const chosen = positionals.length === 0 ? kernels : positionals.map(kernelNamed);
  installDependencies();
  const isForeign = chosen.some((kernel) => kernel.architecture === 'arm64');
  const absent = setupPackages({ ...needed, ...(isForeign ? { 'qemu-system-aarch64': 'qemu-system-arm' } : {}) }, say);
  if (absent.length > 0) throw new SetupError(`these programs are missing: ${absent.join(', ')}`);
  setupReference(project, say);
  if (!values['no-build']) build({ cliOnly: true });

  const { bundleTests } = await import('./kernels/bundle.mjs');
  const { writeOwnInitramfs, writeSharedInitramfs } = await import('./kernels/initramfs.mjs');
  const { runMachine } = await import('./kernels/machine.mjs');
  const work = path.join(project, '.cache/machines');
  mkdirSync(work, { recursive: true });
  const bundle = path.join(work, 'run.mjs');
  await bundleTests({ project, folders: ['test/parity', 'test/kernel'], outfile: bundle });
  const shared = new Map();
  for (const architecture of new Set(chosen.map((kernel) => kernel.architecture ?? 'amd64'))) {
    const file = path.join(work, `shared-${architecture}.cpio`);
    shared.set(architecture, file);
    writeSharedInitramfs(file, {
      project,
      bundle,
      ...(values.standalone ? { standalone: makeStandalone(work, architecture) } : {}),
      ...(architecture === 'amd64' ? {} : { guest: setupGuest(architecture, { project, say }) }),
    });
  }
  const filter = { only: values.only, everyNth: values.only.length > 0 ? {} : everyNth };

  // Where fewer kernels are wanted than can run, each one's tests are shared among several machines.
  const parts = values.only.length > 0 ? 1 : Math.max(1, Math.floor(atOnce / chosen.length));
  const waiting = chosen.flatMap((kernel) => {
    const installed = installKernel(kernel, project, say);
    return Array.from({ length: parts }, (_, index) => ({ kernel, index, ...installed }));
  });
  /** @type {Map<object, object[]>} */
  const ended = new Map(chosen.map((kernel) => [kernel, []]));
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { kernel, index, image, modules } = next;
      const name = parts === 1 ? kernel.version : `${kernel.version}, machine ${index + 1} of ${parts}`;
      const folder = path.join(work, parts === 1 ? kernel.version : `${kernel.version}-${index + 1}`);
      mkdirSync(folder, { recursive: true });
      const own = path.join(folder, 'own.cpio');
      writeOwnInitramfs(own, { modules, filter: { ...filter, part: { index, of: parts } } });
      const initramfs = path.join(folder, 'initramfs.cpio');
      const { architecture = 'amd64' } = kernel;
      writeFileSync(initramfs, Buffer.concat([readFileSync(shared.get(architecture)), readFileSync(own)]));
      console.log(`kernel ${name}: starting`);
      const run = await runMachine({ image, initramfs, folder, minutes: Number(values.minutes), architecture });
      console.log(`kernel ${name}: ${run.results.length} tests in ${run.seconds} s`);
      ended.get(kernel)?.push({ name, ...run });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const rows = chosen.flatMap((kernel) => report(kernel, ended.get(kernel)));
  printTable(
    [
      ['kernel', 'tests', 'passed', 'failed', 'skipped', 'seconds'],
      ...rows.map((row) => [row.kernel, row.group, row.passed, row.failed, row.skipped, Math.round(row.seconds)]),
    ],
    { notes: (index) => Array.from(rows[index - 1]?.reasons ?? [], (reason) => `skipped: ${reason}`) },
  );
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const row of rows) for (const key of Object.keys(total)) total[key] += row[key];
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  if (total.failed > 0 || total.passed === 0) return 1;
  if (positionals.length === 0 && values.only.length === 0 && !values.standalone) noteSuccess('kernels');
  return 0;
}

/** Makes the standalone file for a processor in `folder`; answers its path. */
function makeStandalone(folder, architecture) {
  const outdir = path.join(folder, `standalone-${architecture}`);
  rmSync(outdir, { recursive: true, force: true });
  const target = architecture === 'amd64' ? 'x64' : architecture;
  runStep(process.execPath, ['scripts/standalone.mjs', '--file-only', '--target', target, '--outdir', outdir]);
  return path.join(outdir, readdirSync(outdir)[0] ?? '');
}

function kernelNamed(version) {
  const known = [...kernels, ...foreignKernels];
  const found = known.find((kernel) => kernel.version === version);
  if (found === undefined) {
    throw new SetupError(`unknown kernel ${version}; known: ${known.map((kernel) => kernel.version).join(', ')}`);
  }
  return found;
}

/** Prints what failed in the machines of a kernel and answers a row for each group of tests. */
function report(kernel, machines) {
  const groups = new Map();
  const hung = [];
  for (const { name, results, ended, seconds, consoleTail } of machines) {
    for (const result of results) {
      const group = result.group.split(' > ')[0];
      if (!groups.has(group)) groups.set(group, { passed: 0, failed: 0, skipped: 0, seconds: 0, reasons: new Set() });
      const row = groups.get(group);
      row[result.status]++;
      row.seconds += result.milliseconds / 1000;
      if (result.status === 'skipped') row.reasons.add(result.told);
      if (result.status === 'failed') console.log(`FAIL ${name} ${result.group} > ${result.test}\n${result.told}\n`);
    }
    if (ended) continue;
    const last = results.at(-1);
    console.log(`kernel ${name} did not come to its end after ${seconds} s; the last test to end was:`);
    console.log(
      `  ${last === undefined ? 'none' : `${last.group} > ${last.test}`}\nthe end of its console:\n${consoleTail}`,
    );
    hung.push({ passed: 0, failed: 1, skipped: 0, seconds, reasons: new Set() });
  }
  return [...groups, ...hung.map((counts) => ['(the machine itself)', counts])].map(([group, counts]) => ({
    kernel: kernel.version,
    group,
    ...counts,
  }));
}

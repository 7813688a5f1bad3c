// Loads the corpus on another kernel, in a virtual machine under plain emulation.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CpioWriter } from '../kernels/cpio.mjs';
import { writeOwnInitramfs, writeSharedInitramfs } from '../kernels/initramfs.mjs';
import { runMachine } from '../kernels/machine.mjs';

/** The machine ends by itself when it is given this much longer than its last object may begin. */
const graceMinutes = 4;

/** @returns {Promise<{results: object[], ended: boolean, consoleTail: string}>} */
export async function loadInMachine({ items, kernel, image, modules, project, minutes }) {
  const folder = path.join(project, '.cache/machines', `corpus-${kernel.version}`);
  mkdirSync(folder, { recursive: true });
  const part = (name) => path.join(folder, name);
  writeFileSync(
    part('run.mjs'),
    "process.argv[2] = '/project/plan.json';\nawait import('/project/corpus/load-worker.mjs');\n",
  );
  writeSharedInitramfs(part('shared.cpio'), { project, bundle: part('run.mjs') });
  writeOwnInitramfs(part('modules.cpio'), { modules, filter: {} });
  const archive = new CpioWriter(part('corpus.cpio'));
  for (const name of ['load-worker.mjs', 'load.mjs', 'run.mjs']) {
    archive.file(`/project/corpus/${name}`, readFileSync(path.join(import.meta.dirname, name)));
  }
  const inside = items.map(({ file, source }) => ({
    file: path.join('/corpus', path.relative(project, file)),
    source,
  }));
  for (const [at, { file }] of items.entries()) archive.file(inside[at].file, readFileSync(file));
  archive.link('/project/bin/bpftool', 'tsbpftool.js');
  const plan = {
    items: inside,
    reference: ['/project/.cache/reference/bpftool'],
    ours: ['node', '/project/bin/bpftool'],
    texts: false,
    seconds: minutes * 60,
    results: '/dev/ttyS1',
  };
  archive.file('/project/plan.json', Buffer.from(JSON.stringify(plan)));
  archive.end();
  const initramfs = part('initramfs.cpio');
  const parts = ['shared.cpio', 'modules.cpio', 'corpus.cpio'].map((name) => readFileSync(part(name)));
  writeFileSync(initramfs, Buffer.concat(parts));
  return runMachine({ image, initramfs, folder, minutes: minutes + graceMinutes });
}

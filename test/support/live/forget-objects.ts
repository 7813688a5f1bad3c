// Loads five objects, forgets them, and counts the BPF descriptors that are left after collection. Needs --expose-gc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { loadObject, openKernel, parseObject } from '../../../src/index.ts';

const [project = ''] = process.argv.slice(2);
const kernel = openKernel();

function bpfDescriptors(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (/bpf|btf/.test(readlinkSync(`/proc/self/fd/${fd}`))) count++;
    } catch {
      // The folder's own, closed by now.
    }
  }
  return count;
}

function loadFive(): void {
  const file = path.join(project, 'test/fixtures/objects/run-tc.bpf.o');
  for (let i = 0; i < 5; i++) loadObject(kernel, parseObject(readFileSync(file), { path: file }));
  if (bpfDescriptors() < 5) throw new Error('nothing was loaded');
}

loadFive();
for (let tries = 0; tries < 100 && bpfDescriptors() > 0; tries++) {
  globalThis.gc?.();
  await pause(20);
}
process.stdout.write(`${bpfDescriptors()} of 5 objects left\n`);

// Runs once before the projects that meet the kernel.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Refuses to run tests whose pins and devices would land in the machine's own namespaces; clears what a killed run left. */
export default function setup(): void {
  if (process.env.TSBPFTOOL_SANDBOX === undefined) {
    throw new Error('tests of this project need namespaces of their own: start them with `npm test -- --project=NAME`');
  }
  for (const name of readdirSync(os.tmpdir())) {
    const pid = /^tsbpftool-[a-z]_(\d+)$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
}

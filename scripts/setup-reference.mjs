// `node scripts/setup-reference.mjs`: installs the reference bpftool and prints its path.
import path from 'node:path';
import { SetupError } from './setup/apt.mjs';
import { setupReference } from './setup/reference.mjs';

try {
  const program = setupReference(path.dirname(import.meta.dirname), (line) => console.error(`set-up: ${line}`));
  console.log(program);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`set-up: ${error.message}`);
  process.exitCode = 1;
}

// `node scripts/setup-reference.mjs`: installs the reference bpftool and prints its path.
import { project } from './lib/project.mjs';
import { SetupError } from './lib/setup-error.mjs';
import { setupReference } from './setup/reference.mjs';

try {
  const program = setupReference(project, (line) => console.error(`set-up: ${line}`));
  console.log(program);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`set-up: ${error.message}`);
  process.exitCode = 1;
}

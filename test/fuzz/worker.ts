// A process of its own that runs mutants FROM…TO-1 and tells its parent how far it is. Started by scripts/fuzz.mjs.
import { openKernel } from '../../src/sys/index.ts';
import { mutantOf, runMutant, seedFiles } from './file-mutants.ts';
import { loadMutant } from './kernel-mutants.ts';
import { objectMutant, objectSeeds, runObjectMutant } from './object-mutants.ts';

const [project = '', what = ''] = process.argv.slice(2);
const [seed = 0, from = 0, to = 0, maxSeconds = 0, maxMegabytes = 0] = process.argv.slice(4).map(Number);

interface Mutant {
  readonly file: { readonly name: string };
  readonly run: () => void;
}

let loaded = 0;
const mutant = mutants();
for (let number = from; number < to; number++) {
  const before = process.cpuUsage();
  const { file, run } = mutant(number);
  try {
    run();
  } catch (error) {
    stop(number, `${file.name}: ${error instanceof Error ? error.stack : error}`);
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (seconds > maxSeconds) stop(number, `${file.name}: took ${seconds.toFixed(1)} seconds of processor time`);
  const megabytes = process.memoryUsage.rss() / 2 ** 20;
  if (megabytes > maxMegabytes) stop(number, `${file.name}: ${megabytes.toFixed(0)} MiB in memory after it`);
  if (number % 50 === 0) process.send?.({ number });
}
process.send?.({ number: to, loaded });
process.disconnect?.();

/** Makes a mutant of a number; the seeds are read once. */
function mutants(): (number: number) => Mutant {
  if (what === 'btf') {
    const files = seedFiles(project);
    return (number) => {
      const made = mutantOf(files, seed, number);
      return { file: made.file, run: () => runMutant(made) };
    };
  }
  const seeds = objectSeeds(project);
  const kernel = what === 'kernel' ? openKernel() : undefined;
  return (number) => {
    const made = objectMutant(seeds, seed, number);
    const run = () => {
      if (kernel === undefined) runObjectMutant(made);
      else if (loadMutant(kernel, made)) loaded++;
    };
    return { file: made.file, run };
  };
}

function stop(number: number, message: string): never {
  process.stderr.write(`mutant ${number} of seed ${seed}: ${message}\n`);
  process.exit(1);
}

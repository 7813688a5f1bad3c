// A process of its own that runs mutants FROM…TO-1 and tells its parent how far it is. Started by scripts/fuzz.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { openKernel } from '../../src/sys/index.ts';
import { mutantOf, runMutant, seedFiles } from './file-mutants.ts';
import { loadMutant } from './kernel-mutants.ts';
import { linkerSeeds, objectMutant, objectSeeds, runLinkerMutant, runObjectMutant } from './object-mutants.ts';

const [project = '', what = ''] = process.argv.slice(2);
const [seed = 0, from = 0, to = 0, maxSeconds = 0, maxMegabytes = 0] = process.argv.slice(4).map(Number);

interface Mutant {
  readonly file: { readonly name: string };
  /** Memory is held to some times the bytes that it returns. */
  readonly run: () => number | undefined;
}

/** What memory may grow to: so many times the input, and what the engine takes before it collects garbage. */
const memoryFactor = 8;
const memorySlack = 32 * 2 ** 20;

/** The most memory the process had, in bytes, since `forgetPeak`. */
function peakMemory(): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))![1]) * 1024;
}

/** Inputs whose memory can be told from what the engine takes anyway. */
const largeInput = 500_000;

const forgetPeak = () => writeFileSync('/proc/self/clear_refs', '5');
let largestShare = 0;

let loaded = 0;
const isBounded = what === 'linker';
const mutant = mutants();
for (let number = from; number < to; number++) {
  const before = process.cpuUsage();
  const { file, run } = mutant(number);
  if (isBounded) forgetPeak();
  const memory = isBounded ? peakMemory() : 0;
  let input: number | undefined;
  try {
    input = run();
  } catch (error) {
    stop(number, `${file.name}: ${error instanceof Error ? error.stack : error}`);
  }
  if (input !== undefined) {
    const growth = peakMemory() - memory;
    if (input > largeInput) largestShare = Math.max(largestShare, growth / input);
    if (growth > input * memoryFactor + memorySlack) {
      stop(number, `${file.name}: ${growth} bytes of memory for ${input} bytes of input`);
    }
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (seconds > maxSeconds) stop(number, `${file.name}: took ${seconds.toFixed(1)} seconds of processor time`);
  const megabytes = process.memoryUsage.rss() / 2 ** 20;
  if (megabytes > maxMegabytes) stop(number, `${file.name}: ${megabytes.toFixed(0)} MiB in memory after it`);
  if (number % 50 === 0) process.send?.({ number });
}
process.send?.({ number: to, loaded, largestShare });
process.disconnect?.();

/** Makes a mutant of a number; the seeds are read once. */
function mutants(): (number: number) => Mutant {
  if (what === 'btf') {
    const files = seedFiles(project);
    return (number) => {
      const made = mutantOf(files, seed, number);
      return { file: made.file, run: () => void runMutant(made) };
    };
  }
  if (what === 'linker') {
    const seeds = linkerSeeds(project);
    return (number) => {
      const made = objectMutant(seeds, seed, number);
      return { file: made.file, run: () => runLinkerMutant(made) };
    };
  }
  const seeds = objectSeeds(project);
  const kernel = what === 'kernel' ? openKernel() : undefined;
  return (number) => {
    const made = objectMutant(seeds, seed, number);
    const run = () => {
      if (kernel === undefined) runObjectMutant(made);
      else if (loadMutant(kernel, made)) loaded++;
      return undefined;
    };
    return { file: made.file, run };
  };
}

function stop(number: number, message: string): never {
  process.stderr.write(`mutant ${number} of seed ${seed}: ${message}\n`);
  process.exit(1);
}

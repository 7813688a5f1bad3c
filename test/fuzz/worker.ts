// A process of its own that runs mutants FROM…TO-1 and tells its parent how far it is. Started by scripts/fuzz.mjs.
import { mutantOf, runMutant, seedFiles } from './file-mutants.ts';

const [project = '', seed = 0, from = 0, to = 0, maxSeconds = 0, maxMegabytes = 0] = process.argv
  .slice(2)
  .map((word, i) => (i === 0 ? word : Number(word))) as [string, number, number, number, number, number];

const files = seedFiles(project);
for (let number = from; number < to; number++) {
  const before = process.cpuUsage();
  const mutant = mutantOf(files, seed, number);
  try {
    runMutant(mutant);
  } catch (error) {
    stop(number, `${mutant.file.name}: ${error instanceof Error ? error.stack : error}`);
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (seconds > maxSeconds) stop(number, `${mutant.file.name}: took ${seconds.toFixed(1)} seconds of processor time`);
  const megabytes = process.memoryUsage.rss() / 2 ** 20;
  if (megabytes > maxMegabytes) stop(number, `${mutant.file.name}: ${megabytes.toFixed(0)} MiB in memory after it`);
  if (number % 50 === 0) process.send?.({ number });
}
process.send?.({ number: to });
process.disconnect?.();

function stop(number: number, message: string): never {
  process.stderr.write(`mutant ${number} of seed ${seed}: ${message}\n`);
  process.exit(1);
}

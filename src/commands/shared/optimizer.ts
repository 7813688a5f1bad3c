import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 compile nothing with its optimising compiler while `work` runs: for work that ends before optimised code pays for having
 * been compiled, on a processor that the work could have had. Functions that are optimised already stay so.
 */
export function withoutOptimizing<T>(work: (resume: () => void) => T): T {
  const resume = () => setFlagsFromString('--opt');
  setFlagsFromString('--no-opt');
  try {
    return work(resume);
  } finally {
    resume();
  }
}

import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 compile nothing with its optimising compiler until this is disposed, once or again: for work that ends before optimised
 * code pays for the processor time that compiling it takes. Functions that are optimised already stay so.
 */
export function pauseOptimizer(): Disposable {
  setFlagsFromString('--no-opt');
  return { [Symbol.dispose]: () => setFlagsFromString('--opt') };
}

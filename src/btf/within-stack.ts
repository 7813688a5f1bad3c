import { ParseError } from '../errors/index.ts';

/** Hostile references can nest without end; the engine's own limit is far beyond what real types reach. */
export function withinStack<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof RangeError) throw new ParseError('BTF', 0, 'types nest too deep', { cause });
    throw cause;
  }
}

// Runs on a thread of its own: makes the calls it is sent and answers each with its result and errno.
import { read } from 'bun:ffi';
import { symbolOf } from './ffi-bun.ts';
import type { CallElsewhere, OutcomeElsewhere } from './other-thread.ts';

declare const self: {
  onmessage: ((event: { data: CallElsewhere }) => void) | null;
  postMessage(outcome: OutcomeElsewhere): void;
};

const errnoAddress = Number(symbolOf('__errno_location', 'void *', [])());
const symbols = new Map<string, ReturnType<typeof symbolOf>>();

self.onmessage = ({ data: { name, result, args, values } }) => {
  // A function may be called with other types of arguments, as syscall(2) is.
  const key = `${name}:${args.join()}`;
  let symbol = symbols.get(key);
  if (symbol === undefined) {
    symbol = symbolOf(name, result, args);
    symbols.set(key, symbol);
  }
  const returned = symbol(...values);
  // Read at once: errno belongs to this thread, and any further call may change it.
  self.postMessage({ result: returned, errno: read.i32(errnoAddress, 0), error: null });
};

// An order for runs that may not reach the end.
import { createHash } from 'node:crypto';
import path from 'node:path';

/** The same items in an order that mixes sources, and is the same in every run. */
export function inMixedOrder(items) {
  const key = ({ file, source }) =>
    createHash('sha256')
      .update(`${source}/${path.basename(file)}`)
      .digest('hex');
  return items
    .map((item) => [key(item), item])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

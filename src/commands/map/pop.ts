import { fail, failSilently, type Handler, usage } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { elementValueSize } from '../../kernel/index.ts';
import { selectMap } from '../shared/select-map.ts';
import { printOneEntry } from './entry.ts';

/** `map { pop | dequeue } MAP` */
export const pop: Handler = (ctx, words) => {
  if (words.left < 2) usage();
  using map = selectMap(ctx, words, { readOnly: false });
  const info = map.info();
  const key = new Uint8Array(info.keySize);
  const value = new Uint8Array(elementValueSize(map.kernel, info));
  const result = map.lookupAndDelete(key, value);
  if (result === -Errno.ENOENT) {
    if (ctx.json === undefined) ctx.print('Error: empty map\n');
    else ctx.json.null();
    failSilently(result);
  }
  if (result < 0) fail(`pop failed: ${strerror(-result)}`, { status: result });
  printOneEntry(ctx, info, key, value);
};

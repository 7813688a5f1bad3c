import { fail, failSilently, type Handler, usage } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { elementValueSize } from '../../kernel/index.ts';
import { selectMap } from '../shared/select-map.ts';
import { printOneEntry } from './entry.ts';
import { isViewed } from './view-options.ts';

/** `map { pop | dequeue } MAP` */
export const pop: Handler = async (ctx, words) => {
  if (words.left < 2) usage();
  using map = selectMap(ctx, words, { readOnly: false });
  const info = map.info();
  const print = isViewed(ctx)
    ? await (await import('./view.ts')).elementPrinter(ctx, info)
    : (key: Uint8Array, value: Uint8Array) => printOneEntry(ctx, info, key, value);
  const key = new Uint8Array(info.keySize);
  const value = new Uint8Array(elementValueSize(map.kernel, info));
  // BPF_MAP_LOOKUP_AND_DELETE_ELEM: queues and stacks since Linux 4.20, hashes since 5.14.
  const result = map.tryLookupAndDelete(key, value);
  if (result === -Errno.ENOENT) {
    // `Error:` on standard output is the reference's: it uses printf here, not its function for errors.
    if (ctx.json === undefined) ctx.print('Error: empty map\n');
    else ctx.json.null();
    failSilently(result);
  }
  if (result < 0) fail(`pop failed: ${strerror(-result)}`, { status: result });
  print(key, value);
};

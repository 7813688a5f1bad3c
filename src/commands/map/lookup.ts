import { fail, failSilently, type Handler, usage } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { hexText } from '../shared/hex.ts';
import { selectMap } from '../shared/select-map.ts';
import { printOneEntry } from './entry.ts';
import { isViewed } from './view-options.ts';
import { readElement } from './input.ts';

/** `map lookup MAP [key DATA]`; `peek` is the same without a key. */
export const lookup: Handler = async (ctx, words) => {
  if (words.left < 2) usage();
  using map = selectMap(ctx, words, { readOnly: true });
  // Made before the lookup, so that options that do not fit are refused first.
  const print = isViewed(ctx)
    ? await (await import('./view.ts')).elementPrinter(ctx, map.info())
    : (key: Uint8Array, value: Uint8Array) => printOneEntry(ctx, map.info(), key, value);
  const { key, value } = await readElement(ctx, words, map.info(), {
    key: true,
    value: false,
    flags: false,
    readOnly: true,
  });
  const result = map.tryLookup(key, value);
  if (result === -Errno.ENOENT) {
    // On standard output, and with a failing status: absence is an answer as well as an error.
    if (ctx.json === undefined) ctx.print(`key:\n${hexText(key)}\n\nNot found\n`);
    else ctx.json.null();
    failSilently(result);
  }
  if (result < 0) fail(`lookup failed: ${strerror(-result)}`, { status: result });
  print(key, value);
};

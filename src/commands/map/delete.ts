import { fail, type Handler, usage } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { selectMap } from '../shared/select-map.ts';
import { readElement } from './input.ts';

/** `map delete MAP key DATA` */
export const deleteKey: Handler = async (ctx, words) => {
  if (words.left < 2) usage();
  using map = selectMap(ctx, words, { readOnly: false });
  const { key } = await readElement(ctx, words, map.info(), {
    key: true,
    // A key of no bytes must be named as well, see `emptyKey`.
    emptyKey: true,
    value: false,
    flags: false,
    readOnly: false,
  });
  const result = map.tryDelete(key);
  if (result < 0) fail(`delete failed: ${strerror(-result)}`, { status: result });
  ctx.json?.null();
};

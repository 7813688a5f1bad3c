import { fail, type Handler, usage } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { selectMap } from '../shared/select-map.ts';
import { readElement } from './input.ts';

/** `map update MAP [key DATA] [value VALUE] [UPDATE_FLAGS]`; `push` and `enqueue` are the same without a key. */
export const update: Handler = async (ctx, words) => {
  if (words.left < 2) usage();
  using map = selectMap(ctx, words, { readOnly: false });
  const element = await readElement(ctx, words, map.info(), { key: true, value: true, flags: true, readOnly: false });
  const result = map.tryUpdate(element.key, element.value, element.flags);
  // The kernel has its own reference by now, if the value was a map or a program.
  element.close();
  if (result < 0) fail(`update failed: ${strerror(-result)}`, { status: result });
  ctx.json?.null();
};

import { fail, type Handler } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { selectMap } from '../shared/select-map.ts';

/** `map freeze MAP` */
export const freeze: Handler = (ctx, words) => {
  words.require(2);
  using map = selectMap(ctx, words, { readOnly: false });
  if (words.left > 0) words.unexpected();
  // BPF_MAP_FREEZE, Linux 5.2. There is no way back; programs may still write.
  const result = map.tryFreeze();
  if (result < 0) fail(`failed to freeze map: ${strerror(-result)}`, { status: result });
  ctx.json?.null();
};

import { fail, type Handler, usage } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { hexJson, hexText } from '../shared/hex.ts';
import { selectMap } from '../shared/select-map.ts';
import { readElement } from './input.ts';

/**
 * `map getnext MAP [key DATA]`: without a key the first one is asked for, which kernels answer since Linux 4.12.
 * In a hash the order means nothing, and a key that is not there leads to the first.
 */
export const getNext: Handler = async (ctx, words) => {
  if (words.left < 2) usage();
  using map = selectMap(ctx, words, { readOnly: true });
  const info = map.info();
  const given = words.left > 0;
  const key = given
    ? (
        await readElement(ctx, words, info, {
          key: true,
          emptyKey: true,
          value: false,
          flags: false,
          readOnly: true,
        })
      ).key
    : undefined;
  const next = new Uint8Array(info.keySize);
  const result = map.tryNextKey(key, next);
  if (result < 0) fail(`can't get next key: ${strerror(-result)}`, { status: result });
  if (ctx.json === undefined) {
    ctx.print(key === undefined ? 'key: None\n' : `key:\n${hexText(key)}\n`);
    ctx.print(`next key:\n${hexText(next)}\n`);
    return;
  }
  // No key is null here and `None` in plain output.
  ctx.json.startObject().name('key');
  if (key === undefined) ctx.json.null();
  else hexJson(ctx.json, key);
  hexJson(ctx.json.name('next_key'), next);
  ctx.json.endObject();
};

import { CommandFailure, type Context, fail, type Handler, type Words } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import type { BpfLink } from '../../kernel/index.ts';
import { selectLink } from './select.ts';

const failed = { status: 1 };

/** `link detach LINK`: takes a link's program off what it is attached to; the link itself stays. */
export const detach: Handler = (ctx, words) => {
  if (words.left !== 2) fail('link specifier is invalid or missing\n', failed);
  using link = select(ctx, words);
  const result = link.detach();
  if (result < 0) fail(`failed link detach: ${strerror(-result)}`, failed);
  ctx.json?.null();
};

/** All failures of this verb exit with 1. */
function select(ctx: Context, words: Words): BpfLink {
  try {
    return selectLink(ctx, words);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new CommandFailure(error.silent ? undefined : error.message, { ...failed, cause: error });
  }
}

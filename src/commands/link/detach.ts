import { fail, type Handler, withStatus } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { selectLink } from './select.ts';

/** All failures of this verb exit with 1. */
const failed = { status: 1 };

/** `link detach LINK`: takes a link's program off what it is attached to; the link itself stays. */
export const detach: Handler = (ctx, words) => {
  // The reference's text ends in a newline of its own, so an empty line follows.
  if (words.left !== 2) fail('link specifier is invalid or missing\n', failed);
  using link = withStatus(failed.status, () => selectLink(ctx, words));
  // BPF_LINK_DETACH, Linux 5.9; types that cannot be detached answer EOPNOTSUPP.
  const result = link.tryDetach();
  if (result < 0) fail(`failed link detach: ${strerror(-result)}`, failed);
  ctx.json?.null();
};

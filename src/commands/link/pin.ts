import type { Handler } from '../../cli/index.ts';
import { pinSelected } from '../shared/pin.ts';
import { selectLink } from './select.ts';

/** `link pin LINK FILE`: pins a link on a BPF file system. */
export const pin: Handler = (ctx, words) => pinSelected(ctx, words, () => selectLink(ctx, words));

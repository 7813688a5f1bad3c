import type { Handler } from '../../cli/index.ts';
import { pinSelected } from '../shared/pin.ts';
import { selectMap } from '../shared/select-map.ts';

/** `map pin MAP FILE` */
export const pin: Handler = (ctx, words) => pinSelected(ctx, words, () => selectMap(ctx, words, { readOnly: true }));

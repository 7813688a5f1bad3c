import type { Handler } from '../../cli/index.ts';
import { pinSelected } from '../shared/pin.ts';
import { selectProgram } from '../shared/select-prog.ts';

/** `prog pin PROG FILE` */
export const pin: Handler = (ctx, words) => pinSelected(ctx, words, () => selectProgram(ctx, words));

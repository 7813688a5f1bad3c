import type { VerbOption } from '../../cli/index.ts';

/** Of the verbs that take values as JSON. */
export const strict: VerbOption = { long: 'strict', summary: 'Refuses structs with members left out.' };

import type { VerbOption } from '../../cli/index.ts';

export const snapshotOption: VerbOption = {
  long: 'snapshot',
  argument: 'FILE',
  summary: 'Takes what `snapshot` wrote into FILE in the place of the running kernel.',
};

/** OBJECT of the views of an inventory. */
export const objectDefinition = '{ prog PROG | map MAP | link LINK | btf id BTF_ID | pinned FILE }';

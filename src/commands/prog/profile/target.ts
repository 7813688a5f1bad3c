import { CommandFailure, type Context, fail, type Words } from '../../../cli/index.ts';
import type { BpfProgram } from '../../../kernel/index.ts';
import { type ProfileTarget, profileTarget } from '../../../loader/index.ts';
import { selectProgram } from '../../shared/select-prog.ts';

/** Opens the one program that is named; where that fails two errors are reported, as in the reference. */
export function selectProfiled(ctx: Context, words: Words): BpfProgram {
  try {
    return selectProgram(ctx, words);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    if (!error.silent) ctx.error(error.message);
    fail('failed to parse fd', { cause: error });
  }
}

/** The reference names a descriptor in its errors: its own of the program, the first that it opens. */
const named = 'prog FD 3';

/** The function that is measured. */
export function targetOf(program: BpfProgram): ProfileTarget {
  const target = profileTarget(program);
  if (!('problem' in target)) return target;
  switch (target.problem) {
    case 'noBtf':
      fail(`${named} doesn't have valid btf`);
      break;
    case 'noFunctions':
      fail(`found 0 func_info for ${named}`);
      break;
    case 'unreadableBtf':
      fail(`failed to load btf for ${named}`, { cause: target.cause });
      break;
    case 'noType':
      fail(`btf ${target.btfId} doesn't have type ${target.typeId}`);
  }
}

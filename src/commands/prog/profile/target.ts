import { CommandFailure, type Context, fail, failSilently, type Words } from '../../../cli/index.ts';
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
export function targetOf(ctx: Context, program: BpfProgram): ProfileTarget {
  const target = profileTarget(program);
  if (!('problem' in target)) return target;
  switch (target.problem) {
    case 'noBtf':
      return withoutCounters(ctx, `${named} doesn't have valid btf`);
    case 'noFunctions':
      return withoutCounters(ctx, `found 0 func_info for ${named}`);
    case 'unreadableBtf':
      return withoutCounters(ctx, `failed to load btf for ${named}`);
    case 'noType':
      return withoutCounters(ctx, `btf ${target.btfId} doesn't have type ${target.typeId}`);
  }
}

/** Fails where no counter can be read for this program; what can be had all the same is a hint. */
export function withoutCounters(ctx: Context, message: string, status = -1): never {
  ctx.error(message);
  ctx.hint("run_time, the kernel's own statistics (Linux >= 5.8), can be had of every program");
  failSilently(status);
}

import { type Context, fail } from '../../cli/index.ts';
import { type LoaderProgram, writeLightBeginning, writeLightEnd, writeLightLoader } from '../../codegen/index.ts';
import { makeLoaderProgram } from '../../loader/index.ts';
import { ObjectError, type ObjectSpec } from '../../object/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { signByOptions } from '../shared/sign-loader.ts';
import type { OpenedObject } from './open-object.ts';
import { printCode } from './print-code.ts';

/** Prints a light skeleton: the object as a loader program, with `-S` signed. */
export function lightSkeleton(ctx: Context, { spec, model }: OpenedObject): void {
  const signed = ctx.options.sign;
  printCode(ctx, (out) => {
    writeLightBeginning(out, model, { signed });
    const loader = generate(ctx, spec);
    writeLightLoader(out, model, loader);
    writeLightEnd(out, model, signed ? signByOptions(ctx, loader).signature : undefined);
  });
}

function generate(ctx: Context, spec: ObjectSpec): LoaderProgram {
  try {
    return makeLoaderProgram(kernelOf(ctx), spec, { log: diagnostics(ctx), signed: ctx.options.sign });
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    fail('failed to load object file', { cause, status: -cause.errno });
  }
}

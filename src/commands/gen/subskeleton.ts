import { fail, type Handler } from '../../cli/index.ts';
import { writeSubskeleton } from '../../codegen/index.ts';
import { openObject, requireCNames } from './open-object.ts';
import { printCode } from './print-code.ts';
import { readObjectBytes, readRequest } from './request.ts';

const failure = -1;

/** `gen subskeleton FILE [name NAME]`: a C header for the part of an object that was linked from this one. */
export const subskeleton: Handler = (ctx, words) => {
  const { path, name } = readRequest(ctx, words);
  if (ctx.options.useLoader) fail('cannot use loader for subskeletons');
  const file = readObjectBytes(ctx, path);
  // An object without a name has sections whose maps are called like them.
  const { model } = openObject(ctx, file, { objectName: '', name, failureStatus: failure });
  if (model.btf === undefined) fail(`need btf type information for ${name}`);
  requireCNames(model);
  printCode(ctx, (out) => writeSubskeleton(out, model));
};

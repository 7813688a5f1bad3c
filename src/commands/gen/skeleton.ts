import type { Handler } from '../../cli/index.ts';
import { writeSkeleton } from '../../codegen/index.ts';
import { openObject, requireCNames } from './open-object.ts';
import { printCode } from './print-code.ts';
import { readObjectBytes, readRequest } from './request.ts';

/** `gen skeleton FILE [name NAME]`: a C header that holds the object; with `-L` one that needs no libbpf; other languages by `--lang`. */
export const skeleton: Handler = async (ctx, words) => {
  if (ctx.verbOptions.size > 0) {
    (await import('./typed-skeleton.ts')).typedSkeleton(ctx, words);
    return;
  }
  const { path, name } = readRequest(ctx, words);
  const file = readObjectBytes(ctx, path);
  const opened = openObject(ctx, file, { objectName: name, name });
  const { model } = opened;
  for (const map of model.unnamed) ctx.error(`ignoring unrecognized internal map '${map}'...`);
  requireCNames(model);
  if (ctx.options.useLoader) (await import('./light-skeleton.ts')).lightSkeleton(ctx, opened);
  else printCode(ctx, (out) => writeSkeleton(out, model, file));
};

import { type Context, fail, failSilently } from '../../cli/index.ts';
import { CodeText } from '../../codegen/index.ts';
import { Errno, ParseError } from '../../errors/index.ts';
import { ObjectError } from '../../object/index.ts';

/**
 * Prints what `write` generates; where it fails, what there was until then, as the reference does. Inside a JSON
 * document that is a string.
 */
export function printCode(ctx: Context, write: (out: CodeText) => void): void {
  const out = new CodeText();
  try {
    write(out);
  } catch (cause) {
    printText(ctx, out.finish());
    if (cause instanceof ParseError) fail(cause.message, { cause, status: -Errno.EINVAL });
    if (!(cause instanceof ObjectError)) throw cause;
    if (cause.message === '') failSilently(-cause.errno);
    fail(cause.message, { cause, status: -cause.errno });
  }
  printText(ctx, out.finish());
}

function printText(ctx: Context, utf8: Uint8Array): void {
  const { json } = ctx;
  if (json === undefined || json.depth === 0) ctx.stdout.bytes(utf8);
  else if (!json.takesNoValue) json.string(Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length).toString());
}

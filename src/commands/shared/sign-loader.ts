import { type Context, fail } from '../../cli/index.ts';
import type { LoaderProgram } from '../../codegen/index.ts';
import { Errno, strerror, SyscallError } from '../../errors/index.ts';
import { type ProgramSignature, readSigner, type Signer, signLoader } from '../../loader/index.ts';
import { ObjectError } from '../../object/index.ts';
import { kernelOf } from './kernel.ts';

/** Signs a loader program with the key and certificate of `-k` and `-i`. Fails after saying why it cannot. */
export function signByOptions(
  ctx: Context,
  loader: LoaderProgram,
): { readonly signer: Signer; readonly signature: ProgramSignature } {
  const { privateKeyPath = '', certificatePath = '' } = ctx.options;
  try {
    const signer = readSigner(readFile(ctx, privateKeyPath), readFile(ctx, certificatePath));
    return { signer, signature: signLoader(loader, signer) };
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    ctx.error(cause.message);
    fail('failed to sign program', { cause, status: -cause.errno });
  }
}

function readFile(ctx: Context, path: string): Uint8Array {
  try {
    return kernelOf(ctx).readFile(path);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    // Always EINVAL, which becomes the exit status; the text says what it was.
    throw new ObjectError(`can't read ${path}: ${strerror(cause.errno)}`, Errno.EINVAL, { cause });
  }
}

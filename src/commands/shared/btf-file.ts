import {
  type Btf,
  type BtfOptions,
  BtfRecordError,
  BtfRelocationError,
  findInvalidType,
  parseBtf,
  relocateBtf,
} from '../../btf/index.ts';
import { sourceOf } from '../../bytes/index.ts';
import { type Context, fail } from '../../cli/index.ts';
import { type BtfOfFile, btfOf, type FileBtf } from '../../elf/index.ts';
import { Errno, ParseError, strerror, SyscallError } from '../../errors/index.ts';
import { kernelBtfPath } from '../../host/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { kernelOf } from './kernel.ts';
import { diagnostics } from './libbpf-log.ts';

/** BTF from a file could not be had; `errno` is what the reference would report. */
export class BtfFileError extends Error {
  readonly errno: number;

  constructor(errno: number, cause: unknown) {
    super(errno >= 4000 ? `Unknown error ${errno}` : strerror(errno), { cause });
    this.errno = errno;
  }
}

/**
 * BTF of a file: raw, or the `.BTF` section of an ELF file, of which no more is read. What is split on a distilled base of
 * its own is put over `base`, or stays as it is without one. Throws BtfFileError.
 */
export function readBtfFile(ctx: Context, path: string, base?: Btf): Btf {
  return asFileError(ctx, () => parsedFile(ctx, btfBytes(ctx, path), base));
}

/** The BTF of an object file, and the records of its instructions (`.BTF.ext`), read once. Throws BtfFileError. */
export function readObjectTypes(ctx: Context, path: string): { btf: Btf; ext: Uint8Array | undefined; isElf: boolean } {
  return asFileError(ctx, () => {
    const found = btfBytes(ctx, path, { withExt: true });
    return { btf: parsedFile(ctx, found), ext: found.ext, isElf: found.pointerSize !== undefined };
  });
}

function parsedFile(ctx: Context, { bytes, distilledBase, pointerSize }: FileBtf, base?: Btf): Btf {
  if (distilledBase === undefined) return checkedBtf(ctx, bytes, { base, pointerSize });
  const distilled = checkedBtf(ctx, distilledBase, {});
  const btf = checkedBtf(ctx, bytes, { base: distilled, pointerSize });
  return base === undefined ? btf : relocateBtf(btf, base);
}

function asFileError<T>(ctx: Context, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyscallError) throw new BtfFileError(readErrno(error), error);
    if (error instanceof BtfRelocationError) {
      diagnostics(ctx)('warn', error.words);
      throw new BtfFileError(error.isInvalid ? Errno.EINVAL : Errno.ENOENT, error);
    }
    if (error instanceof ParseError) throw new BtfFileError(Errno.EINVAL, error);
    throw error;
  }
}

/** What cannot be read is one error, a directory for example. */
function readErrno({ call, errno }: SyscallError): number {
  return call === 'read' ? Errno.EIO : errno;
}

/** Parses, and refuses types that refer to nothing. Throws ParseError. */
export function checkedBtf(ctx: Context, bytes: Uint8Array, options: BtfOptions): Btf {
  const btf = parsed(ctx, bytes, options);
  const problem = findInvalidType(btf);
  if (problem === undefined) return btf;
  diagnostics(ctx)('warn', `${problem}`);
  throw new ParseError('BTF', 0, problem);
}

function parsed(ctx: Context, bytes: Uint8Array, options: BtfOptions): Btf {
  try {
    return parseBtf(bytes, options);
  } catch (error) {
    if (error instanceof BtfRecordError) diagnostics(ctx)('warn', error.warning);
    throw error;
  }
}

function btfBytes(ctx: Context, path: string, options?: { withExt: boolean }): FileBtf {
  const found = foundIn(kernelOf(ctx), path, options);
  if ('bytes' in found) return found;
  if (found.words !== '') diagnostics(ctx)('warn', found.words);
  throw new BtfFileError(found.errno, undefined);
}

function foundIn(kernel: Kernel, path: string, options?: { withExt: boolean }): BtfOfFile {
  const { kind } = kernel.statusFollowing(path);
  if (kind === 'pipe') return btfOf(sourceOf(kernel.readFile(path)), path, options);
  if (kind === 'other') return btfOf(sourceOf(beginning(kernel, path)), path, options);
  using file = kernel.openFile(path);
  return btfOf(file, path, options);
}

/** The first that a device gives, which may be without end. */
function beginning(kernel: Kernel, path: string): Uint8Array {
  let first = new Uint8Array(0);
  kernel.readChunks(path, (chunk) => {
    first = chunk.slice();
    return false;
  });
  return first;
}

/** The running kernel's BTF as the base of a module's; undefined, with the error printed, where it cannot be read. */
export function vmlinuxBase(ctx: Context): Btf | undefined {
  try {
    return readBtfFile(ctx, kernelBtfPath);
  } catch (error) {
    if (!(error instanceof BtfFileError)) throw error;
    ctx.error(`failed to parse vmlinux BTF at '${kernelBtfPath}': ${-error.errno}\n`);
    return undefined;
  }
}

/** The BTF named by the -B option, or undefined. */
export function baseBtfOption(ctx: Context): Btf | undefined {
  const path = ctx.options.baseBtfPath;
  if (path === undefined) return undefined;
  try {
    return readBtfFile(ctx, path);
  } catch (error) {
    if (!(error instanceof BtfFileError)) throw error;
    fail(`failed to parse base BTF at '${path}': ${-error.errno}\n`);
  }
}

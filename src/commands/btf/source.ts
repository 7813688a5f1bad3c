import { type Btf, findInvalidType, parseBtf } from '../../btf/index.ts';
import { type Context, fail } from '../../cli/index.ts';
import { isElf, parseElf } from '../../elf/index.ts';
import { Errno, ParseError, strerror, SyscallError } from '../../errors/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { diagnostics } from '../shared/libbpf-log.ts';

export const vmlinuxPath = '/sys/kernel/btf/vmlinux';
const ENODATA = 61;
/** libbpf's own error number for a file of no known format. */
const formatError = 4001;

/** BTF from a file could not be had; `errno` is what the reference would report. */
export class BtfFileError extends Error {
  readonly errno: number;

  constructor(errno: number, cause: unknown) {
    super(errno >= 4000 ? `Unknown error ${errno}` : strerror(errno), { cause });
    this.errno = errno;
  }
}

/** BTF of a file: raw, or the `.BTF` section of an ELF file. Throws BtfFileError. */
export function readBtfFile(ctx: Context, path: string, base?: Btf): Btf {
  try {
    return checkedBtf(ctx, btfBytes(ctx, kernelOf(ctx), path), base);
  } catch (error) {
    // A directory can be opened, but has nothing to read.
    if (error instanceof SyscallError) {
      throw new BtfFileError(error.errno === Errno.EISDIR ? Errno.EIO : error.errno, error);
    }
    if (error instanceof ParseError) throw new BtfFileError(Errno.EINVAL, error);
    throw error;
  }
}

/** Parses, and refuses types that refer to nothing. Throws ParseError. */
export function checkedBtf(ctx: Context, bytes: Uint8Array, base: Btf | undefined): Btf {
  const btf = parseBtf(bytes, { base });
  const problem = findInvalidType(btf);
  if (problem === undefined) return btf;
  diagnostics(ctx)('warn', `${problem}`);
  throw new ParseError('BTF', 0, problem);
}

function btfBytes(ctx: Context, kernel: Kernel, path: string): Uint8Array {
  const bytes = kernel.readFile(path);
  if (bytes.length < 2) throw new BtfFileError(Errno.EIO, undefined);
  const magic = bytes[0]! | (bytes[1]! << 8);
  if (magic === 0xeb9f || magic === 0x9feb) return bytes;
  const elf = isElf(bytes) ? elfOf(bytes) : undefined;
  if (elf === undefined) {
    diagnostics(ctx)('warn', `failed to get EHDR from ${path}`);
    throw new BtfFileError(formatError, undefined);
  }
  const section = elf.sections.find((s) => s.name === '.BTF');
  if (section === undefined) {
    diagnostics(ctx)('warn', `failed to find '.BTF' ELF section in ${path}`);
    throw new BtfFileError(ENODATA, undefined);
  }
  return section.bytes;
}

function elfOf(bytes: Uint8Array): ReturnType<typeof parseElf> | undefined {
  try {
    return parseElf(bytes);
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** The running kernel's BTF as the base of a module's; undefined, with the error printed, where it cannot be read. */
export function vmlinuxBase(ctx: Context): Btf | undefined {
  try {
    return readBtfFile(ctx, vmlinuxPath);
  } catch (error) {
    if (!(error instanceof BtfFileError)) throw error;
    ctx.error(`failed to parse vmlinux BTF at '${vmlinuxPath}': ${-error.errno}\n`);
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

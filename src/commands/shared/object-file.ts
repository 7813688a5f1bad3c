import type { Context } from '../../cli/index.ts';
import { Errno, SyscallError } from '../../errors/index.ts';
import { type DiagnosticLog, errorText, ObjectError, type ObjectSpec, parseObject, tell } from '../../object/index.ts';
import { kernelOf } from './kernel.ts';

/** PATH_MAX */
const longestPath = 4096;

/** Reads an object file. TsbpfError, after libbpf's messages, where that fails. */
export function readObject(
  ctx: Context,
  path: string,
  log: DiagnosticLog,
  options: { relaxedMaps?: boolean } = {},
): ObjectSpec {
  tell(log, () => `loading object from ${path}`);
  // What is no path is refused before anything is read.
  checkTokenPath();
  let bytes: Uint8Array;
  try {
    bytes = kernelOf(ctx).readFile(path);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    const how = cause.errno === Errno.EISDIR ? ' as ELF file: invalid file descriptor' : `: ${errorText(cause.errno)}`;
    log('warn', `elf: failed to open ${path}${how}`);
    throw cause;
  }
  return parseObject(bytes, { path, log, relaxedMaps: options.relaxedMaps ?? ctx.options.mapcompat });
}

/** ObjectError where the environment's path of a token is too long to be one, as libbpf has it before it opens an object. */
export function checkTokenPath(): void {
  if (Buffer.byteLength(process.env.LIBBPF_BPF_TOKEN_PATH ?? '') >= longestPath) {
    throw new ObjectError('LIBBPF_BPF_TOKEN_PATH is too long', Errno.ENAMETOOLONG);
  }
}

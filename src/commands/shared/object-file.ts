import type { Context } from '../../cli/index.ts';
import { Errno, SyscallError } from '../../errors/index.ts';
import { type DiagnosticLog, errorText, type ObjectSpec, parseObject } from '../../object/index.ts';
import { kernelOf } from './kernel.ts';

/** libbpf's messages go to standard error, JSON or not; those for debugging only with -d. */
export function diagnostics(ctx: Context): DiagnosticLog {
  return (level, text) => {
    if (level !== 'debug' || ctx.options.debug) ctx.printError(`libbpf: ${text}\n`);
  };
}

/** Reads an object file. TsbpfError, after libbpf's messages, where that fails. */
export function readObject(ctx: Context, path: string, log: DiagnosticLog): ObjectSpec {
  let bytes: Uint8Array;
  try {
    bytes = kernelOf(ctx).readFile(path);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    const how = cause.errno === Errno.EISDIR ? ' as ELF file: invalid file descriptor' : `: ${errorText(cause.errno)}`;
    log('warn', `elf: failed to open ${path}${how}`);
    throw cause;
  }
  return parseObject(bytes, { path, log, relaxedMaps: ctx.options.mapcompat });
}

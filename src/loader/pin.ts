import { Errno, errnoOf } from '../errors/index.ts';
import { type DiagnosticLog, errorText, failure, tell } from '../object/index.ts';
import { BPF_FS_MAGIC, type Kernel } from '../sys/index.ts';
import { pinFd } from '../bpf/index.ts';
import type { Cleanup } from './cleanup.ts';
import { fdOf, type WithFd } from './fd-of.ts';
import type { MapFacts } from './loaded-map.ts';

export interface PinContext {
  readonly kernel: Kernel;
  readonly log?: DiagnosticLog | undefined;
  /** Where made pins are noted for removal. */
  readonly cleanup?: Cleanup;
}

/** Makes the directory a pin goes into, one level deep, and sees that it is on a bpffs. */
function preparePlace(context: PinContext, path: string): void {
  const { kernel, log } = context;
  const parent = parentOf(path);
  const made = kernel.makeDirectory(parent, 0o700);
  if (made < 0 && made !== -Errno.EEXIST) throw failure(log, -made, `failed to mkdir ${path}: ${errorText(made)}`);
  if (fileSystemOf(context, parent) !== BPF_FS_MAGIC) {
    throw failure(log, Errno.EINVAL, `specified path ${path} is not on BPF FS`);
  }
}

function fileSystemOf({ kernel, log }: PinContext, folder: string): number {
  try {
    return kernel.fileSystemType(folder) >>> 0;
  } catch (cause) {
    const errno = errnoOf(cause, Errno.EIO);
    throw failure(log, errno, `failed to statfs ${folder}: ${errorText(errno)}`, { cause });
  }
}

function parentOf(path: string): string {
  const cut = path.replace(/\/+$/, '').lastIndexOf('/');
  if (cut < 0) return '.';
  return cut === 0 ? '/' : path.slice(0, cut);
}

/** Pins a link, making the directory if it is missing. ObjectError, after libbpf's warnings. */
export function pinLink(context: PinContext, fd: number, path: string): void {
  preparePlace(context, path);
  const result = pinFd(context.kernel, fd, path);
  // libbpf says nothing of it.
  if (result < 0) throw failure(undefined, -result, `link: failed to pin at '${path}': ${errorText(result)}`);
  tell(context.log, () => `link fd=${fd}: pinned at ${path}`);
}

/** Pins a program, making the directory if it is missing. ObjectError, after libbpf's warnings. */
export function pinProgram(context: PinContext, program: WithFd & { readonly name: string }, path: string): void {
  const { log } = context;
  preparePlace(context, path);
  const result = pinFd(context.kernel, fdOf(program), path);
  if (result < 0) {
    throw failure(log, -result, `prog '${program.name}': failed to pin at '${path}': ${errorText(result)}`);
  }
  context.cleanup?.path(path);
  tell(log, () => `prog '${program.name}': pinned at '${path}'`);
}

/** Pins a map at `path`, or at its own path. ObjectError, after libbpf's warnings. */
export function pinMap(context: PinContext, map: WithFd & MapFacts, path: string | undefined): void {
  const { log } = context;
  if (map.pinPath !== undefined) {
    if (path !== undefined && path !== map.pinPath) {
      const text = `map '${map.name}' already has pin path '${map.pinPath}' different from '${path}'`;
      throw failure(log, Errno.EINVAL, text);
    }
    if (map.pinned) {
      tell(log, () => `map '${map.name}' already pinned at '${map.pinPath}'; not re-pinning`);
      return;
    }
  } else {
    if (path === undefined) throw failure(log, Errno.EINVAL, `missing a path to pin map '${map.name}' at`);
    if (map.pinned) throw failure(log, Errno.EEXIST, `map '${map.name}' already pinned`);
    map.pinPath = path;
  }
  preparePlace(context, map.pinPath);
  const result = pinFd(context.kernel, fdOf(map), map.pinPath);
  if (result < 0) {
    log?.('warn', `failed to pin map: ${errorText(result)}`);
    const text = `map '${map.name}': failed to pin at '${map.pinPath}': ${errorText(result)}`;
    throw failure(undefined, -result, text);
  }
  map.pinned = true;
  tell(log, () => `pinned map '${map.pinPath}'`);
  context.cleanup?.path(map.pinPath);
}

/** Where a map goes in a directory of pins; bpffs takes no dots. */
export function mapPinPath(directory: string, name: string): string {
  return `${directory}/${name}`.replaceAll('.', '_');
}

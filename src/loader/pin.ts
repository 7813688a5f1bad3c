import { Errno } from '../errors/index.ts';
import { type DiagnosticLog, errorText, tell } from '../object/index.ts';
import { BPF_FS_MAGIC, type Kernel } from '../sys/index.ts';
import { pinFd } from '../bpf/index.ts';
import type { Cleanup } from './cleanup.ts';
import { fdOf, type WithFd } from './fd-of.ts';
import type { MapFacts } from './loaded-map.ts';

export interface PinContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  /** Where made pins are noted for removal. */
  readonly cleanup?: Cleanup;
}

/** Makes the directory a pin goes into, one level deep. 0 or -errno. */
function makeParent(context: PinContext, path: string): number {
  const result = context.kernel.makeDirectory(parentOf(path), 0o700);
  if (result >= 0 || result === -Errno.EEXIST) return 0;
  context.log('warn', `failed to mkdir ${path}: ${errorText(result)}`);
  return result;
}

function checkPlace(context: PinContext, path: string): number {
  let type: number;
  try {
    type = context.kernel.fileSystemType(parentOf(path));
  } catch (error) {
    const errno = (error as { errno?: number }).errno ?? 5;
    context.log('warn', `failed to statfs ${parentOf(path)}: ${errorText(errno)}`);
    return -errno;
  }
  if (type >>> 0 === BPF_FS_MAGIC) return 0;
  context.log('warn', `specified path ${path} is not on BPF FS`);
  return -Errno.EINVAL;
}

function parentOf(path: string): string {
  const cut = path.replace(/\/+$/, '').lastIndexOf('/');
  if (cut < 0) return '.';
  return cut === 0 ? '/' : path.slice(0, cut);
}

/** Pins a link, making the directory if it is missing. 0 or -errno. */
export function pinLink(context: PinContext, fd: number, path: string): number {
  const prepared = makeParent(context, path) || checkPlace(context, path);
  if (prepared < 0) return prepared;
  const result = pinFd(context.kernel, fd, path);
  if (result >= 0) tell(context.log, () => `link fd=${fd}: pinned at ${path}`);
  return result;
}

/** Pins a program, making the directory if it is missing. 0 or -errno, after libbpf's warnings. */
export function pinProgram(context: PinContext, program: WithFd & { readonly name: string }, path: string): number {
  const prepared = makeParent(context, path) || checkPlace(context, path);
  if (prepared < 0) return prepared;
  const result = pinFd(context.kernel, fdOf(program), path);
  if (result < 0) {
    context.log('warn', `prog '${program.name}': failed to pin at '${path}': ${errorText(result)}`);
    return result;
  }
  context.cleanup?.path(path);
  tell(context.log, () => `prog '${program.name}': pinned at '${path}'`);
  return 0;
}

/** Pins a map at `path`, or at its own path. 0 or -errno, after libbpf's warnings. */
export function pinMap(context: PinContext, map: WithFd & MapFacts, path: string | undefined): number {
  const { log } = context;
  if (map.pinPath !== undefined) {
    if (path !== undefined && path !== map.pinPath) {
      log('warn', `map '${map.name}' already has pin path '${map.pinPath}' different from '${path}'`);
      return -Errno.EINVAL;
    }
    if (map.pinned) {
      tell(log, () => `map '${map.name}' already pinned at '${map.pinPath}'; not re-pinning`);
      return 0;
    }
  } else {
    if (path === undefined) {
      log('warn', `missing a path to pin map '${map.name}' at`);
      return -Errno.EINVAL;
    }
    if (map.pinned) {
      log('warn', `map '${map.name}' already pinned`);
      return -Errno.EEXIST;
    }
    map.pinPath = path;
  }
  const prepared = makeParent(context, map.pinPath) || checkPlace(context, map.pinPath);
  if (prepared < 0) return prepared;
  const result = pinFd(context.kernel, fdOf(map), map.pinPath);
  if (result < 0) {
    log('warn', `failed to pin map: ${errorText(result)}`);
    return result;
  }
  map.pinned = true;
  tell(log, () => `pinned map '${map.pinPath}'`);
  context.cleanup?.path(map.pinPath);
  return 0;
}

/** Where a map goes in a directory of pins; bpffs takes no dots. */
export function mapPinPath(directory: string, name: string): string {
  return `${directory}/${name}`.replaceAll('.', '_');
}

import { expectText } from '../bytes/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { isBpffs, mounts } from '../host/index.ts';
import { checkResult, defaultKernel, type Kernel } from '../sys/index.ts';
import { openFdPinned, tryInfo } from '../bpf/index.ts';
import type { InKernel } from './new-map.ts';
import { fdKind } from './object.ts';
import { bpf_link_info, bpf_map_info, bpf_prog_info, structView, BPF_F_RDONLY } from '../uapi/index.ts';

const layouts = { prog: bpf_prog_info, map: bpf_map_info, link: bpf_link_info };

/** Paths under which objects of a kind are pinned, on every bpffs of this mount namespace, by object id. */
export function pinnedPaths(kernel: Kernel, kind: 'prog' | 'map' | 'link'): Map<number, string[]> {
  const table = new Map<number, string[]>();
  visitPinned(kernel, kind, (id, path) => {
    const paths = table.get(id);
    if (paths === undefined) table.set(id, [path]);
    else paths.push(path);
  });
  return table;
}

/** A pinned object. */
export interface Pin {
  readonly path: string;
  readonly kind: 'prog' | 'map' | 'link';
  readonly id: number;
}

/** Which pins. */
export interface PinsOptions extends InKernel {
  /** The folder to begin at; every BPF file system of this mount namespace unless given. */
  readonly under?: string;
  readonly kind?: Pin['kind'];
}

/** The pins there are, by walking through BPF file systems. Those that may not be opened are left out. */
export function* pins({ kernel = defaultKernel(), under, kind }: PinsOptions = {}): Generator<Pin, void, undefined> {
  expectText(under, 'under');
  if (kind !== undefined && !Object.hasOwn(layouts, kind))
    throw new UsageError(`there is no kind of pins '${String(kind)}': it is prog, map or link`);
  const folders =
    under === undefined ? mounts(kernel).flatMap(({ type, target }) => (type === 'bpf' ? [target] : [])) : [under];
  // What is mounted over a mount shows once.
  const paths = new Set<string>();
  for (const folder of folders) walk(kernel, folder, (path) => paths.add(path));
  for (const path of paths) {
    const found = pinnedObject(kernel, path, BPF_F_RDONLY) ?? pinnedObject(kernel, path, 0);
    if (found !== undefined && (kind === undefined || found.kind === kind)) yield { path, ...found };
  }
}

/** Removes a pin; the object ends unless something else has it. False where there is no such file. UsageError for what is no pin. */
export function unpin(path: string, { kernel = defaultKernel() }: InKernel = {}): boolean {
  if (typeof path !== 'string' || path.includes('\0')) throw new UsageError('unpin: name the pin by its path');
  if (!kernel.exists(path)) return false;
  if (!isBpffs(kernel, path))
    throw new UsageError(`'${path}' is on no BPF file system, so it is no pin: remove it by other means`);
  const result = kernel.unlink(path);
  if (result === -Errno.ENOENT) return false;
  checkResult(`unpin '${path}'`, result);
  return true;
}

/** Calls `visit` for each pinned object of a kind, in the order in which a walk through every bpffs meets them. */
export function visitPinned(
  kernel: Kernel,
  kind: 'prog' | 'map' | 'link',
  visit: (id: number, path: string) => void,
): void {
  for (const mount of mounts(kernel)) {
    if (mount.type === 'bpf') walk(kernel, mount.target, (path) => note(kernel, kind, path, visit));
  }
}

function note(
  kernel: Kernel,
  kind: keyof typeof layouts,
  path: string,
  visit: (id: number, path: string) => void,
): void {
  const found = pinnedObject(kernel, path, kind === 'map' ? BPF_F_RDONLY : 0);
  if (found?.kind === kind) visit(found.id, path);
}

/** What is pinned at `path`; undefined where nothing is or it may not be opened. `flags`: BPF_F_RDONLY for maps. */
export function pinnedObject(
  kernel: Kernel,
  path: string,
  flags: number,
): { kind: keyof typeof layouts; id: number } | undefined {
  const fd = openFdPinned(kernel, path, flags);
  if (fd < 0) return undefined;
  try {
    const kind = fdKind(kernel, fd);
    if (kind === undefined || kind === 'btf') return undefined;
    const info = structView(layouts[kind], new Uint8Array(8));
    return tryInfo(kernel, fd, info) < 0 ? undefined : { kind, id: new Uint32Array(info.bytes.buffer)[1]! };
  } finally {
    kernel.close(fd);
  }
}

function walk(kernel: Kernel, directory: string, visit: (file: string) => void): void {
  let names: string[];
  try {
    names = kernel.readDirectory(directory);
  } catch {
    return;
  }
  for (const name of names) {
    const path = `${directory === '/' ? '' : directory}/${name}`;
    let kind: string;
    try {
      kind = kernel.status(path).kind;
    } catch {
      continue;
    }
    if (kind === 'directory') walk(kernel, path, visit);
    else if (kind !== 'symlink') visit(path);
  }
}

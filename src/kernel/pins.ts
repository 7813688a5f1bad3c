import { mounts } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';
import { openFdPinned, tryInfo } from '../bpf/index.ts';
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

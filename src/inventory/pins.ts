import { SyscallError } from '../errors/index.ts';
import { type Mount, parseMounts } from '../host/index.ts';
import { pinnedObject } from '../kernel/index.ts';
import type { Kernel } from '../sys/index.ts';
import { BPF_F_RDONLY } from '../uapi/index.ts';
import type { PinRecord } from './records.ts';

type PinnedObject = NonNullable<ReturnType<typeof pinnedObject>>;
/** File system and inode → what is pinned there. */
export type PinnedFiles = ReadonlyMap<string, PinnedObject>;

/** Where objects are pinned: a name for each kind of object and id. */
export class PinTable {
  readonly #pins = new Map<string, PinRecord[]>();
  readonly #kernel: Kernel;
  readonly #seen = new Set<string>();
  readonly #known: PinnedFiles;
  /** What the files are pins of, for the next table. */
  readonly files: Map<string, PinnedObject> = new Map();

  /** `known`: what files were pins of when they were last seen; a file is never another object's. */
  constructor(kernel: Kernel, known: PinnedFiles = new Map()) {
    this.#kernel = kernel;
    this.#known = known;
  }

  of(kind: string, id: number): readonly PinRecord[] {
    return this.#pins.get(`${kind} ${id}`) ?? [];
  }

  /** Adds the pins on every BPF file system that the process sees (0: this one). A file system that was seen already adds nothing. */
  add(pid: number): void {
    const root = pid === 0 ? '' : `/proc/${pid}/root`;
    for (const { type, target } of this.#mounts(pid)) {
      if (type === 'bpf') this.#walk(root, target);
    }
  }

  #mounts(pid: number): Mount[] {
    return this.#tolerant(() => parseMounts(this.#kernel.readText(`/proc/${pid === 0 ? 'self' : pid}/mounts`)), []);
  }

  #walk(root: string, path: string): void {
    const kernel = this.#kernel;
    const status = this.#tolerant(() => kernel.status(root + path), undefined);
    if (status === undefined) return;
    const file = `${status.device}:${status.inode}`;
    // The same place through another root; through the own one each path is listed.
    const isSeen = this.#seen.has(file);
    if (root !== '' && isSeen) return;
    this.#seen.add(file);
    if (status.kind === 'directory') {
      const names = this.#tolerant(() => kernel.readDirectory(root + path), []);
      for (const name of names) this.#walk(root, `${path === '/' ? '' : path}/${name}`);
    } else if (status.kind === 'file') this.#note(root, path, file);
  }

  #note(root: string, path: string, file: string): void {
    const kernel = this.#kernel;
    const full = root + path;
    // A map may be opened for reading only where it is read-only for user space.
    const found = this.#known.get(file) ?? pinnedObject(kernel, full, 0) ?? pinnedObject(kernel, full, BPF_F_RDONLY);
    if (found === undefined) return;
    this.files.set(file, found);
    const key = `${found.kind} ${found.id}`;
    const pin: PinRecord = { path, pid: root === '' ? 0 : Number(root.split('/')[2]), file };
    const known = this.#pins.get(key);
    if (known === undefined) this.#pins.set(key, [pin]);
    else known.push(pin);
  }

  /** What cannot be read has gone meanwhile, or may not be seen: then there is nothing to tell of it. */
  #tolerant<T>(read: () => T, otherwise: T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof SyscallError) return otherwise;
      throw error;
    }
  }
}

/** A process for each namespace of a kind (`mnt`, `net`) other than this process's own. */
export function namespaces(kernel: Kernel, pids: readonly number[], kind: string): { pid: number; name: string }[] {
  const nameOf = (pid: number | 'self') => {
    try {
      return kernel.readLink(`/proc/${pid}/ns/${kind}`);
    } catch (error) {
      if (error instanceof SyscallError) return undefined;
      throw error;
    }
  };
  const seen = new Set([nameOf('self')]);
  const found: { pid: number; name: string }[] = [];
  for (const pid of pids) {
    const name = nameOf(pid);
    if (name === undefined || seen.has(name)) continue;
    seen.add(name);
    found.push({ pid, name });
  }
  return found;
}

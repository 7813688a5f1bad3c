import { SyscallError } from '../errors/index.ts';
import { type Mount, parseMounts } from '../host/index.ts';
import { pinnedObject } from '../kernel/index.ts';
import type { FileStatus, Kernel } from '../sys/index.ts';
import { BPF_F_RDONLY } from '../uapi/index.ts';
import type { PinRecord } from './records.ts';

type PinnedObject = NonNullable<ReturnType<typeof pinnedObject>>;
/** What one look at the BPF file systems tells the next. */
export interface SeenPins {
  /** File system and inode → what is pinned there: a file is never another object's. */
  readonly files: ReadonlyMap<string, PinnedObject>;
  /** The same of folders → what was in them. */
  readonly folders: ReadonlyMap<string, SeenFolder>;
}

interface SeenFolder {
  readonly changedAt: bigint;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  /** File system and inode. */
  readonly file: string;
}

/** A folder that was changed less than this before it was read may change again within the same tick of its clock. */
const settledNs = 1_000_000_000n;

/** Where objects are pinned: a name for each kind of object and id. */
export class PinTable {
  readonly #pins = new Map<string, PinRecord[]>();
  readonly #kernel: Kernel;
  readonly #seen = new Set<string>();
  readonly #known: SeenPins | undefined;
  readonly #files = new Map<string, PinnedObject>();
  readonly #folders = new Map<string, SeenFolder>();

  /** `known`: what the last table has seen. */
  constructor(kernel: Kernel, known?: SeenPins) {
    this.#kernel = kernel;
    this.#known = known;
  }

  /** For the next table. */
  get seen(): SeenPins {
    return { files: this.#files, folders: this.#folders };
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

  /** A file of its own, or a folder with all that is in it. */
  #walk(root: string, path: string): void {
    const status = this.#statusOf(root + path);
    if (status === undefined) return;
    const file = `${status.device}:${status.inode}`;
    if (status.kind === 'file') this.#note(root, path, file);
    if (status.kind !== 'directory' || this.#isSeen(root, file)) return;
    const begin = path === '/' ? '' : path;
    const { changedAt } = status;
    const known = this.#known?.folders.get(file);
    const isSame = known !== undefined && known.changedAt === changedAt;
    const entries = isSame ? known.entries : this.#entriesOf(`${root}${begin}`);
    const isSettled = changedAt !== undefined && BigInt(Date.now()) * 1_000_000n - changedAt > settledNs;
    if (changedAt !== undefined && isSettled) this.#folders.set(file, { changedAt, entries });
    for (const entry of entries) {
      if (entry.isFolder) this.#walk(root, `${begin}/${entry.name}`);
      else this.#note(root, `${begin}/${entry.name}`, entry.file);
    }
  }

  #entriesOf(folder: string): Entry[] {
    const names = this.#tolerant(() => this.#kernel.readDirectory(folder === '' ? '/' : folder), []);
    return names.flatMap((name) => {
      const status = this.#statusOf(`${folder}/${name}`);
      if (status === undefined || (status.kind !== 'file' && status.kind !== 'directory')) return [];
      return [{ name, isFolder: status.kind === 'directory', file: `${status.device}:${status.inode}` }];
    });
  }

  #statusOf(path: string): FileStatus | undefined {
    return this.#tolerant(() => this.#kernel.status(path), undefined);
  }

  /** The same place through another root; through the own one each path is listed. */
  #isSeen(root: string, file: string): boolean {
    const isSeen = root !== '' && this.#seen.has(file);
    this.#seen.add(file);
    return isSeen;
  }

  #note(root: string, path: string, file: string): void {
    if (this.#isSeen(root, file)) return;
    const kernel = this.#kernel;
    const full = root + path;
    // A map may be opened for reading only where it is read-only for user space.
    const found =
      this.#known?.files.get(file) ?? pinnedObject(kernel, full, 0) ?? pinnedObject(kernel, full, BPF_F_RDONLY);
    if (found === undefined) return;
    this.#files.set(file, found);
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

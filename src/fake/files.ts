// The files of a fake kernel. bpf(2) pins objects by path, so that pins are nodes among the other files.
import { checkRange } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import { BPF_FS_MAGIC, type FileAccess, type FileStatus, type OpenFile, syscallError } from '../sys/index.ts';
import type { FakeObject } from './objects.ts';

/** Where the BPF file system of a fake kernel is. */
const bpffs = '/sys/fs/bpf';
const TMPFS_MAGIC = 0x01021994;

type Node = { readonly inode: bigint } & (
  | { readonly kind: 'file'; bytes: Uint8Array }
  | { readonly kind: 'directory' }
  | { readonly kind: 'pin'; readonly object: FakeObject }
);

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/';
const isOnBpffs = (path: string) => path === bpffs || path.startsWith(`${bpffs}/`);

/** Files in memory, and pins among them. Paths are absolute and taken as they are, but for slashes at their end. */
export class FakeFiles implements FileAccess {
  readonly #nodes = new Map<string, Node>();
  #inodes = 0n;
  readonly #linkOf: (path: string) => string | undefined;

  /** `linkOf` answers for the symbolic links below /proc/self/fd. */
  constructor(files: Readonly<Record<string, string | Uint8Array>>, linkOf: (path: string) => string | undefined) {
    this.#linkOf = linkOf;
    for (const folder of ['/', bpffs, '/sys/fs/cgroup', '/proc/self/fd', '/tmp']) this.#makeFolders(folder);
    for (const [path, contents] of Object.entries(files)) {
      this.#makeFolders(parentOf(path));
      this.writeFile(path, typeof contents === 'string' ? new TextEncoder().encode(contents) : contents);
    }
  }

  #makeFolders(path: string): void {
    if (path !== '/') this.#makeFolders(parentOf(path));
    if (!this.#nodes.has(path)) this.#nodes.set(path, { kind: 'directory', inode: ++this.#inodes });
  }

  #node(path: string): Node | undefined {
    const known = this.#nodes.get(path.length > 1 ? path.replace(/\/+$/, '') : path);
    if (known !== undefined) return known;
    // Every tracepoint is there.
    if (!/^\/sys\/kernel\/tracing\/events\/[\w.]+\/[\w.]+\/id$/.test(path)) return undefined;
    return { kind: 'file', bytes: new TextEncoder().encode('1\n'), inode: 1n << 32n };
  }

  #must(call: string, path: string): Node {
    const node = this.#node(path);
    if (node === undefined) throw syscallError(call, Errno.ENOENT);
    return node;
  }

  readFile(path: string): Uint8Array {
    const node = this.#must('open', path);
    if (node.kind === 'directory') throw syscallError('read', Errno.EISDIR);
    return node.kind === 'file' ? node.bytes.slice() : new Uint8Array(0);
  }

  readText(path: string): string {
    return new TextDecoder().decode(this.readFile(path));
  }

  openFile(path: string): OpenFile {
    const bytes = this.readFile(path);
    const { length: size } = bytes;
    return {
      size,
      read(offset, length) {
        checkRange(size, { offset, length });
        return bytes.slice(offset, offset + length);
      },
      [Symbol.dispose]: () => undefined,
    };
  }

  readChunks(path: string, visit: (chunk: Uint8Array) => boolean): void {
    const bytes = this.readFile(path);
    if (bytes.length > 0) visit(bytes);
  }

  writeFile(path: string, bytes: Uint8Array): void {
    const parent = this.#must('open', parentOf(path));
    if (parent.kind !== 'directory') throw syscallError('open', Errno.ENOTDIR);
    const old = this.#node(path);
    if (old?.kind === 'directory') throw syscallError('open', Errno.EISDIR);
    // Pins can be neither read nor written as files.
    if (old?.kind === 'pin') throw syscallError('open', Errno.EPERM);
    if (old === undefined) this.#nodes.set(path, { kind: 'file', bytes: bytes.slice(), inode: ++this.#inodes });
    else old.bytes = bytes.slice();
  }

  readDirectory(path: string): string[] {
    if (this.#must('opendir', path).kind !== 'directory') throw syscallError('opendir', Errno.ENOTDIR);
    const prefix = path.endsWith('/') ? path : `${path}/`;
    return [...this.#nodes.keys()]
      .filter((name) => name.startsWith(prefix) && name.length > prefix.length && !name.includes('/', prefix.length))
      .map((name) => name.slice(prefix.length));
  }

  readFolders(path: string): string[] {
    const prefix = path.endsWith('/') ? path : `${path}/`;
    return this.readDirectory(path).filter((name) => this.#nodes.get(prefix + name)?.kind === 'directory');
  }

  listDirectory(path: string): string[] {
    return this.readDirectory(path);
  }

  readLink(path: string): string {
    const target = this.#linkOf(path);
    if (target !== undefined) return target;
    this.#must('readlink', path);
    throw syscallError('readlink', Errno.EINVAL);
  }

  status(path: string): FileStatus {
    const node = this.#must('lstat', path);
    const kind = node.kind === 'pin' ? 'file' : node.kind;
    return {
      kind,
      // bpffs is a file system of its own, which shows by the device's number.
      device: isOnBpffs(path) ? 2n : 1n,
      inode: node.inode,
      size: node.kind === 'file' ? node.bytes.length : 0,
    };
  }

  statusFollowing(path: string): FileStatus {
    return this.status(path);
  }

  exists(path: string): boolean {
    return this.#node(path) !== undefined || this.#linkOf(path) !== undefined;
  }

  fileSystemType(path: string): number {
    this.#must('statfs', path);
    return isOnBpffs(path) ? BPF_FS_MAGIC : TMPFS_MAGIC;
  }

  /** 0 or -errno, as the calls below. */
  makeDirectory(path: string): number {
    if (this.#node(path) !== undefined) return -Errno.EEXIST;
    const parent = this.#node(parentOf(path));
    if (parent === undefined) return -Errno.ENOENT;
    if (parent.kind !== 'directory') return -Errno.ENOTDIR;
    this.#nodes.set(path.replace(/\/+$/, ''), { kind: 'directory', inode: ++this.#inodes });
    return 0;
  }

  removeDirectory(path: string): number {
    const node = this.#node(path);
    if (node === undefined) return -Errno.ENOENT;
    if (node.kind !== 'directory') return -Errno.ENOTDIR;
    if (this.readDirectory(path).length > 0) return -Errno.ENOTEMPTY;
    this.#nodes.delete(path);
    return 0;
  }

  /** The object whose pin is gone, if it was one. */
  unlink(path: string): FakeObject | undefined | number {
    const node = this.#node(path);
    if (node === undefined) return -Errno.ENOENT;
    if (node.kind === 'directory') return -Errno.EISDIR;
    this.#nodes.delete(path);
    return node.kind === 'pin' ? node.object : undefined;
  }

  pin(path: string, object: FakeObject): number {
    const parent = this.#node(parentOf(path));
    if (parent === undefined) return -Errno.ENOENT;
    if (parent.kind !== 'directory') return -Errno.ENOTDIR;
    if (this.#node(path) !== undefined) return -Errno.EEXIST;
    // Names with dots are the file system's own.
    if (!isOnBpffs(path) || path.slice(path.lastIndexOf('/')).includes('.')) return -Errno.EPERM;
    this.#nodes.set(path, { kind: 'pin', object, inode: ++this.#inodes });
    return 0;
  }

  pinned(path: string): FakeObject | number {
    const node = this.#node(path);
    if (node === undefined) return -Errno.ENOENT;
    return node.kind === 'pin' ? node.object : -Errno.EACCES;
  }

  isDirectory(path: string): boolean {
    return this.#node(path)?.kind === 'directory';
  }
}

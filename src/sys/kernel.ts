import type { NativeStruct } from '../uapi/index.ts';
import type { ByteSource } from '../bytes/index.ts';
import type { StopSignal } from './stop-signal.ts';

/** What lstat(2) says that the project needs. */
export interface FileStatus {
  kind: 'file' | 'directory' | 'symlink' | 'pipe' | 'other';
  device: bigint;
  inode: bigint;
  size: number;
  /** When it, or what a directory has, was last changed: nanoseconds since 1970. */
  changedAt?: bigint;
}

/** A shared mapping of a file descriptor. `buffer` must not be touched after `close`. */
export interface MappedMemory extends Disposable {
  readonly buffer: ArrayBuffer;
  readonly address: bigint;
  close(): void;
}

/** What mmap(2) maps. */
export interface MappingRequest {
  fd: number;
  length: number;
  /** `PROT_*` bits. */
  protection: number;
  /** MAP_PRIVATE instead of MAP_SHARED: what the kernel's BTF takes. */
  isPrivate?: boolean;
  /** File offset, a multiple of the page size. */
  offset?: number;
  /** Where it is to be in memory, a multiple of the page size; -EEXIST where something is already. */
  at?: bigint;
}

export interface PerfEventTarget {
  pid: number;
  cpu: number;
  groupFd: number;
  /** `PERF_FLAG_*` bits. */
  flags: number;
}

/** A descriptor of a process. */
export interface ProcessDescriptor {
  readonly pid: number;
  readonly fd: number;
}

/** A limit of getrlimit(2). */
export interface ResourceLimit {
  soft: bigint;
  hard: bigint;
}

/** Capability sets of a thread, a bit for each capability (CAP_BPF is bit 39). */
export interface CapabilitySets {
  effective: bigint;
  permitted: bigint;
  inheritable: bigint;
}

/** A key to be added to a keyring. */
export interface NewKey {
  /** A type the kernel knows, e.g. `asymmetric`. */
  type: string;
  description: string;
  payload: Uint8Array;
  /** Serial number, or `KEY_SPEC_*`. */
  keyring: number;
}

/** A file that stays open while parts of it are read: SyscallError where reading fails, ParseError beyond the end. */
export interface OpenFile extends ByteSource, Disposable {}

/** Reads of /proc, /sys and other files. These throw SyscallError. */
export interface FileAccess {
  readFile(path: string): Uint8Array;
  /** Opens a file of which only parts are read. */
  openFile(path: string): OpenFile;
  /** A whole file as UTF-8. */
  readText(path: string): string;
  /** Calls `visit` with chunks of the file; the chunk is reused. Stops early when `visit` returns false. */
  readChunks(path: string, visit: (chunk: Uint8Array) => boolean): void;
  writeFile(path: string, bytes: Uint8Array): void;
  /** Names in a directory, without `.` and `..`, in the order the kernel gives them. */
  readDirectory(path: string): string[];
  /** Names of the directories in a directory, in the order the kernel gives them; symbolic links to some are left out. */
  readFolders(path: string): string[];
  /** Names in a directory in no particular order: faster than `readDirectory`, for the large ones of /proc. */
  listDirectory(path: string): string[];
  readLink(path: string): string;
  /** As lstat(2): symbolic links are not followed. */
  status(path: string): FileStatus;
  /** As stat(2). */
  statusFollowing(path: string): FileStatus;
  exists(path: string): boolean;
  /** `f_type` of statfs(2), e.g. BPF_FS_MAGIC. */
  fileSystemType(path: string): number;
}

/**
 * The one door to the running kernel. Calls named after system calls return their result, or the negative errno, and are
 * no part of the library's declarations; the others throw. A fake of this interface stands in for a kernel in tests.
 */
export interface Kernel extends FileAccess {
  /**
   * @internal bpf(2). `attr` is a `union bpf_attr` and names what it points to; its length is passed as the size. What
   * the kernel writes is in `attr.bytes` and in the arrays given to `receive` when it returns. Returns >= 0, or -errno.
   */
  bpf(command: number, attr: NativeStruct): number;
  /**
   * @internal As `bpf`, while the event loop goes on. `attr` and all it points to must be left alone, and its descriptors
   * stay open, until the promise resolves.
   */
  bpfInBackground(command: number, attr: NativeStruct): Promise<number>;

  /** @internal */
  open(path: string, flags: number): number;
  /** @internal */
  close(fd: number): number;
  /** @internal */
  read(fd: number, into: Uint8Array): number;
  /** @internal */
  write(fd: number, bytes: Uint8Array): number;
  /** @internal */
  ioctl(fd: number, request: number, argument: number | bigint | Uint8Array): number;
  /** @internal A duplicate of `fd` with close-on-exec set. */
  duplicate(fd: number): number;

  /** @internal kcmp(2) of two descriptors: 0 where both are of one open file, above 0 where not, or -errno. */
  sameFile(one: ProcessDescriptor, other: ProcessDescriptor): number;

  /** @internal perf_event_open(2) with a `struct perf_event_attr`. */
  perfEventOpen(attr: NativeStruct, target: PerfEventTarget): number;
  /** @internal A shared mapping, or -errno. */
  map(request: MappingRequest): MappedMemory | number;

  /** @internal */
  epollCreate(): number;
  /** @internal Watches `fd` for input; `data` comes back from `epollWait`. */
  epollAdd(epollFd: number, fd: number, data: number): number;
  /**
   * @internal Waits up to `timeoutMs` (-1: for ever). Puts the `data` of ready descriptors into `ready`; returns their
   * number or -errno.
   */
  epollWait(epollFd: number, ready: Uint32Array, timeoutMs: number): number;
  /** @internal Resolves once `fd` is readable or `signal` aborts, without blocking the event loop. */
  readable(fd: number, signal?: StopSignal): Promise<void>;

  /** @internal */
  socket(domain: number, type: number, protocol: number): number;
  /** @internal */
  bind(fd: number, address: Uint8Array): number;
  /** @internal */
  send(fd: number, bytes: Uint8Array): number;
  /** @internal recv(2). `flags`: `MSG_*` bits, 0 unless given. */
  receive(fd: number, into: Uint8Array, flags?: number): number;
  /** @internal */
  setSocketOption(fd: number, level: number, option: number, value: Uint8Array): number;
  /** @internal */
  getSocketName(fd: number, into: Uint8Array): number;

  /** @internal mount(2); `null` passes a null pointer. */
  mount(request: { source: string; target: string; type: string; flags: number; data: string | null }): number;
  /** @internal */
  unmount(target: string, flags: number): number;
  /** @internal */
  makeDirectory(path: string, mode: number): number;
  /** @internal */
  removeDirectory(path: string): number;
  /** @internal */
  unlink(path: string): number;
  /** @internal */
  setNamespace(fd: number, type: number): number;

  /** @internal add_key(2): the serial number of the new key, or -errno. */
  addKey(key: NewKey): number;

  /** @internal capget(2) of the calling thread: its sets, or -errno. */
  getCapabilities(): CapabilitySets | number;
  /** @internal capset(2) of the calling thread; other threads of the process keep theirs. Returns 0 or -errno. */
  setCapabilities(sets: CapabilitySets): number;

  /** @internal */
  getResourceLimit(resource: number): ResourceLimit | number;
  /** @internal */
  setResourceLimit(resource: number, limit: ResourceLimit): number;
  /** Index of the network device in the current namespace, undefined if there is none. Throws SyscallError. */
  interfaceIndex(name: string): number | undefined;
  /** Name of the network device in the current namespace, undefined if there is none. */
  interfaceName(index: number): string | undefined;
  /** clock_gettime(2), in nanoseconds. */
  clock(id: number): bigint;
  /** @internal sysconf(3), -1 if unknown. */
  systemConfiguration(name: number): number;
}

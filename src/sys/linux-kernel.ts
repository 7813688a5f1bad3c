import { cString } from '../bytes/index.ts';
import { Errno, NotSupportedError } from '../errors/index.ts';
import type { NativeStruct } from '../uapi/index.ts';
import { CallMemory, pinInPlace } from './call-memory.ts';
import {
  EPOLL_CTL_ADD,
  EPOLLIN,
  MAP_PRIVATE,
  MAP_FIXED_NOREPLACE,
  MAP_SHARED,
  O_CLOEXEC,
  type SyscallNumbers,
  syscallNumbers,
} from './constants.ts';
import { checkResult, syscallError } from './failure.ts';
import { nodeFiles } from './files.ts';
import type {
  CapabilitySets,
  Kernel,
  MappedMemory,
  MappingRequest,
  NewKey,
  PerfEventTarget,
  ProcessDescriptor,
  ResourceLimit,
} from './kernel.ts';
import { type Libc, libc } from './libc.ts';
import { NativeMapping } from './mapped-memory.ts';
import type { StopSignal } from './stop-signal.ts';

// F_LINUX_SPECIFIC_BASE + 6 of fcntl(2), and the first type of kcmp(2): open files.
const F_DUPFD_CLOEXEC = 1030;
const KCMP_FILE = 0;
/** `struct epoll_event` is packed on x86 only. */
const epollEventSize = process.arch === 'x64' ? 12 : 16;
// The user's 64 bits of data, of which the lower half is used.
const epollDataOffset = epollEventSize - 8;

/** The kernel this process runs on. The FFI is loaded by the first call that needs it. */
export function openKernel(): Kernel {
  return new LinuxKernel(libc);
}

let shared: Kernel | undefined;

/** The kernel this process runs on, one and the same for all who name none. */
export function defaultKernel(): Kernel {
  shared ??= openKernel();
  return shared;
}

/** A kernel whose calls go through another C library than this process's own: one that a test watches. */
export function kernelThrough(open: () => Libc): Kernel {
  return new LinuxKernel(open);
}

class LinuxKernel implements Kernel {
  readonly readFile = nodeFiles.readFile;
  readonly openFile = nodeFiles.openFile;
  readonly readText = nodeFiles.readText;
  readonly readChunks = nodeFiles.readChunks;
  readonly writeFile = nodeFiles.writeFile;
  readonly readDirectory = nodeFiles.readDirectory;
  readonly readFolders = nodeFiles.readFolders;
  readonly listDirectory = nodeFiles.listDirectory;
  readonly readLink = nodeFiles.readLink;
  readonly status = nodeFiles.status;
  readonly statusFollowing = nodeFiles.statusFollowing;
  readonly exists = nodeFiles.exists;
  readonly fileSystemType = nodeFiles.fileSystemType;

  /** Undefined on processors whose numbers are not known; calls of the C library work there. */
  readonly #numbers = syscallNumbers[process.arch];

  readonly #open: () => Libc;
  /** Made by the first call that needs it. */
  #memory: CallMemory | undefined;
  /** What background calls name, kept from collection. */
  readonly #underWay = new Set<object>();

  constructor(open: () => Libc) {
    this.#open = open;
  }

  get #native(): Libc {
    return this.#open();
  }

  #callMemory(): CallMemory {
    this.#memory ??= new CallMemory(this.#native);
    return this.#memory;
  }

  get #known(): SyscallNumbers {
    if (this.#numbers === undefined) throw new NotSupportedError(`processor architecture ${process.arch}`);
    return this.#numbers;
  }

  bpf(command: number, attr: NativeStruct): number {
    const memory = this.#callMemory();
    const address = memory.place(attr);
    // The size tells the kernel which fields this program knows; what is beyond its own must be 0.
    const result = this.#native.syscallAt(this.#known.bpf, command, address, attr.bytes.length);
    memory.takeBack();
    return result;
  }

  async bpfInBackground(command: number, attr: NativeStruct): Promise<number> {
    // The bytes stay where they are: the call runs on another thread while this one goes on.
    const call = pinInPlace(this.#native, attr);
    this.#underWay.add(call);
    try {
      return await this.#native.syscallAtInBackground(this.#known.bpf, command, call.address, attr.bytes.length);
    } finally {
      this.#underWay.delete(call);
    }
  }

  open(path: string, flags: number): number {
    // Descriptors never reach programs that this process starts.
    return this.#native.call('open', 'sii', [path, flags | O_CLOEXEC, 0o600]);
  }

  close(fd: number): number {
    return this.#native.call('close', 'i', [fd]);
  }

  read(fd: number, into: Uint8Array): number {
    return this.#native.call('read', 'ipi', [fd, into, into.length]);
  }

  write(fd: number, bytes: Uint8Array): number {
    return this.#native.call('write', 'ipi', [fd, bytes, bytes.length]);
  }

  ioctl(fd: number, request: number, argument: number | bigint | Uint8Array): number {
    // The third argument is an address or a number; the FFI has to know which.
    return this.#native.call('ioctl', argument instanceof Uint8Array ? 'iip' : 'iii', [fd, request, argument]);
  }

  duplicate(fd: number): number {
    // Never 0 to 2, where a closed standard stream would get it.
    return this.#native.call('fcntl', 'iii', [fd, F_DUPFD_CLOEXEC, 3]);
  }

  sameFile(one: ProcessDescriptor, other: ProcessDescriptor): number {
    // 0: the same open file; 1 and 2 order different ones.
    return this.#native.syscall(this.#known.kcmp, [one.pid, other.pid, KCMP_FILE, one.fd, other.fd]);
  }

  perfEventOpen(attr: NativeStruct, target: PerfEventTarget): number {
    const { pid, cpu, groupFd, flags } = target;
    const memory = this.#callMemory();
    const address = memory.place(attr);
    const result = this.#native.syscall(this.#known.perfEventOpen, [address, pid, cpu, groupFd, flags]);
    memory.takeBack();
    return result;
  }

  map({ fd, length, protection, offset = 0, isPrivate = false, at }: MappingRequest): MappedMemory | number {
    const flags = (isPrivate ? MAP_PRIVATE : MAP_SHARED) | (at === undefined ? 0 : MAP_FIXED_NOREPLACE);
    // Addresses go to the FFI as signed numbers.
    const where = BigInt.asIntN(64, at ?? 0n);
    const address = this.#native.callForPointer('mmap', 'iiiiii', [where, length, protection, flags, fd, offset]);
    // -errno instead of an address.
    return address < 0n ? Number(address) : new NativeMapping(this.#native, address, length);
  }

  epollCreate(): number {
    return this.#native.call('epoll_create1', 'i', [O_CLOEXEC]);
  }

  epollAdd(epollFd: number, fd: number, data: number): number {
    const event = new Uint8Array(epollEventSize);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setUint32(epollDataOffset, data, true);
    return this.#native.call('epoll_ctl', 'iiip', [epollFd, EPOLL_CTL_ADD, fd, event]);
  }

  epollWait(epollFd: number, ready: Uint32Array, timeoutMs: number): number {
    const events = new Uint8Array(epollEventSize * ready.length);
    const count = this.#native.call('epoll_wait', 'ipii', [epollFd, events, ready.length, timeoutMs]);
    const view = new DataView(events.buffer);
    for (let i = 0; i < count; i++) ready[i] = view.getUint32(i * epollEventSize + epollDataOffset, true);
    return count;
  }

  readable(fd: number, signal?: StopSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const watcher = this.#native.watchReadable(fd, finish);
      // Without a poller of the runtime's own whoever reads looks again after 50 ms.
      const timer = watcher === undefined ? setTimeout(finish, 50) : undefined;
      signal?.addEventListener('abort', finish);
      function finish(): void {
        signal?.removeEventListener('abort', finish);
        if (timer !== undefined) clearTimeout(timer);
        watcher?.close();
        resolve();
      }
    });
  }

  socket(domain: number, type: number, protocol: number): number {
    return this.#native.call('socket', 'iii', [domain, type, protocol]);
  }

  bind(fd: number, address: Uint8Array): number {
    return this.#native.call('bind', 'ipi', [fd, address, address.length]);
  }

  send(fd: number, bytes: Uint8Array): number {
    return this.#native.call('sendto', 'ipiiii', [fd, bytes, bytes.length, 0, 0, 0]);
  }

  receive(fd: number, into: Uint8Array, flags = 0): number {
    return this.#native.call('recv', 'ipii', [fd, into, into.length, flags]);
  }

  setSocketOption(fd: number, level: number, option: number, value: Uint8Array): number {
    return this.#native.call('setsockopt', 'iiipi', [fd, level, option, value, value.length]);
  }

  getSocketName(fd: number, into: Uint8Array): number {
    // In and out: the room, then the length of the name.
    const length = new Uint8Array(Uint32Array.of(into.length).buffer);
    return this.#native.call('getsockname', 'ipp', [fd, into, length]);
  }

  mount(request: { source: string; target: string; type: string; flags: number; data: string | null }): number {
    const { source, target, type, flags, data } = request;
    return this.#native.call('mount', 'sssio', [source, target, type, flags, data]);
  }

  unmount(target: string, flags: number): number {
    return this.#native.call('umount2', 'si', [target, flags]);
  }

  makeDirectory(path: string, mode: number): number {
    return this.#native.call('mkdir', 'si', [path, mode]);
  }

  removeDirectory(path: string): number {
    return this.#native.call('rmdir', 's', [path]);
  }

  unlink(path: string): number {
    return this.#native.call('unlink', 's', [path]);
  }

  setNamespace(fd: number, type: number): number {
    return this.#native.call('setns', 'ii', [fd, type]);
  }

  addKey({ type, description, payload, keyring }: NewKey): number {
    const texts = [cString(type), cString(description)];
    const args = [this.#known.addKey, ...texts, payload, payload.length, keyring];
    return this.#native.call('syscall', 'ipppii', args);
  }

  getCapabilities(): CapabilitySets | number {
    const sets = new Uint32Array(6);
    // Two of struct __user_cap_data_struct, for the lower and the upper 32 capabilities.
    const result = this.#native.call('capget', 'pp', [capabilityHeader(), new Uint8Array(sets.buffer)]);
    if (result < 0) return result;
    const set = (at: number) => BigInt(sets[at]!) | (BigInt(sets[at + 3]!) << 32n);
    return { effective: set(0), permitted: set(1), inheritable: set(2) };
  }

  setCapabilities({ effective, permitted, inheritable }: CapabilitySets): number {
    const lower = [effective, permitted, inheritable].map((set) => Number(BigInt.asUintN(32, set)));
    const upper = [effective, permitted, inheritable].map((set) => Number(BigInt.asUintN(32, set >> 32n)));
    const sets = new Uint8Array(Uint32Array.from([...lower, ...upper]).buffer);
    return this.#native.call('capset', 'pp', [capabilityHeader(), sets]);
  }

  getResourceLimit(resource: number): ResourceLimit | number {
    const limit = new BigUint64Array(2);
    const result = this.#native.call('getrlimit', 'ip', [resource, new Uint8Array(limit.buffer)]);
    return result < 0 ? result : { soft: limit[0] ?? 0n, hard: limit[1] ?? 0n };
  }

  setResourceLimit(resource: number, { soft, hard }: ResourceLimit): number {
    return this.#native.call('setrlimit', 'ip', [resource, new Uint8Array(BigUint64Array.of(soft, hard).buffer)]);
  }

  interfaceIndex(name: string): number | undefined {
    const index = this.#native.call('if_nametoindex', 's', [name]);
    if (index > 0) return index;
    const errno = this.#native.errno();
    if (errno === Errno.ENODEV) return undefined;
    throw syscallError(`network device '${name}': failed to get its index`, errno);
  }

  interfaceName(index: number): string | undefined {
    // IF_NAMESIZE, the NUL included.
    const name = new Uint8Array(16);
    const found = this.#native.callForPointer('if_indextoname', 'ip', [index, name]) !== 0n;
    return found ? new TextDecoder().decode(name.subarray(0, name.indexOf(0))) : undefined;
  }

  clock(id: number): bigint {
    // struct timespec: seconds, nanoseconds.
    const time = new BigInt64Array(2);
    checkResult('clock_gettime', this.#native.call('clock_gettime', 'ip', [id, new Uint8Array(time.buffer)]));
    return (time[0] ?? 0n) * 1_000_000_000n + (time[1] ?? 0n);
  }

  systemConfiguration(name: number): number {
    return this.#native.call('sysconf', 'i', [name]);
  }
}

/** `struct __user_cap_header_struct`: version 3, which has 64 bits, and this thread. */
function capabilityHeader(): Uint8Array {
  return new Uint8Array(Uint32Array.of(0x2008_0522, 0).buffer);
}

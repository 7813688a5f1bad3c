import { type BtfValue, compileValueEncoder, parseBtf } from '../btf/index.ts';
import { Errno, NotSupportedError, UsageError } from '../errors/index.ts';
import {
  type CapabilitySets,
  type FileStatus,
  type Kernel,
  type MappedMemory,
  type MappingRequest,
  type OpenFile,
  RLIM_INFINITY,
  type ResourceLimit,
  SC_PAGESIZE,
} from '../sys/index.ts';
import {
  attr_get_id,
  attr_obj_pin,
  BPF_F_RDONLY,
  BPF_F_WRONLY,
  bpf_cmd,
  type NativeStruct,
  StructView,
  smallestPageSize,
} from '../uapi/index.ts';
import { textAt } from './attribute.ts';
import { Descriptors } from './descriptors.ts';
import { FakeFiles } from './files.ts';
import { objectInfo } from './information.ts';
import { batchCall, createMap, elementCall, EventContents, mapMemory, type MapWorld } from './maps.ts';
import { type Description, type FakeMap, type FakeObject, ObjectTable } from './objects.ts';
import * as programs from './programs.ts';
import { PerfMemory } from './rings.ts';

/** What a fake kernel is made with. */
export interface FakeKernelOptions {
  /** How many processors it has; 2 unless given. */
  readonly cpus?: number;
  /** Its version as `uname -r` says it; 6.18.0 unless given. */
  readonly release?: string;
  /** Network devices and their indices; `{ lo: 1 }` unless given. */
  readonly interfaces?: Readonly<Record<string, number>>;
  /**
   * Files besides those it has, by absolute path: `/sys/kernel/btf/vmlinux` for objects that need the kernel's types, the
   * programs that uprobes are put on.
   */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** How many objects and descriptors a fake kernel has. */
export interface FakeKernelCounts {
  readonly maps: number;
  readonly programs: number;
  readonly links: number;
  readonly btfs: number;
  readonly descriptors: number;
}

/** How `push` makes a record. */
export interface PushOptions {
  /** The type that the value is encoded as: a name in the BTF that was loaded last of those that have it. */
  readonly type?: string;
  /** Of a perf buffer: the processor whose ring it goes to; 0 unless given. */
  readonly cpu?: number;
}

/** A kernel in memory, and what a test does in the place of programs. */
export interface FakeKernel extends Kernel {
  /**
   * Puts a record into the ring buffer or perf event array of this name or id, as a program would: bytes, or a value with
   * its `type`. False where there is no room. UsageError for what is no such map and where a value does not fit.
   */
  push(map: string | number, record: Uint8Array | BtfValue, options?: PushOptions): boolean;
  /** Takes the records that were written to the user ring buffer of this name or id. UsageError for another map. */
  drain(map: string | number): Uint8Array[];
  /** What there is now: a test that ends with what it began with has closed everything. */
  counts(): FakeKernelCounts;
}

/**
 * A kernel in memory, for tests of programs that use this library: it needs no rights and touches nothing. It has maps
 * (hash, array, LRU and per-CPU ones, LPM tries, queues, stacks, ring and perf buffers, maps of maps and of programs),
 * programs that are neither verified nor run, links, BTF, pins below /sys/fs/bpf and ids. What it does not have is a
 * NotSupportedError that names the call.
 */
export function fakeKernel(options: FakeKernelOptions = {}): FakeKernel {
  const { cpus = 2 } = options;
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > 4096) throw new UsageError(`cpus: expected 1 to 4096, got ${cpus}`);
  return new InMemory(options);
}

/** A call that a fake kernel does not have. */
function absent(name: keyof Kernel): () => never {
  return () => {
    throw new NotSupportedError(`${name}() of the fake kernel`);
  };
}

class InMemory implements FakeKernel {
  readonly socket = absent('socket');
  readonly bind = absent('bind');
  readonly send = absent('send');
  readonly receive = absent('receive');
  readonly setSocketOption = absent('setSocketOption');
  readonly getSocketName = absent('getSocketName');
  readonly mount = absent('mount');
  readonly unmount = absent('unmount');
  readonly setNamespace = absent('setNamespace');
  readonly addKey = absent('addKey');
  readonly #objects = new ObjectTable();
  readonly #descriptors = new Descriptors(this.#objects);
  readonly #files: FakeFiles;
  readonly #world: MapWorld;
  readonly #interfaces: Readonly<Record<string, number>>;
  /** Those who wait for records. */
  readonly #sleepers = new Set<() => void>();

  constructor({ cpus = 2, release = '6.18.0', interfaces = { lo: 1 }, files = {} }: FakeKernelOptions) {
    this.#interfaces = interfaces;
    this.#world = { objects: this.#objects, descriptors: this.#descriptors, cpus, pageSize: smallestPageSize };
    const all = cpus === 1 ? '0\n' : `0-${cpus - 1}\n`;
    this.#files = new FakeFiles(
      {
        '/sys/devices/system/cpu/possible': all,
        '/sys/devices/system/cpu/online': all,
        '/sys/bus/event_source/devices/kprobe/type': '6\n',
        '/sys/bus/event_source/devices/kprobe/format/retprobe': 'config:0\n',
        '/sys/bus/event_source/devices/uprobe/type': '7\n',
        '/sys/bus/event_source/devices/uprobe/format/retprobe': 'config:0\n',
        '/proc/sys/kernel/osrelease': `${release}\n`,
        '/proc/sys/kernel/version': '#1 SMP fake\n',
        '/proc/kallsyms': '0000000000000000 T __x64_sys_bpf\n',
        '/proc/mounts': 'bpf /sys/fs/bpf bpf rw 0 0\n',
        ...files,
      },
      (path) => this.#descriptors.linkOf(path),
    );
  }

  readFile(path: string): Uint8Array {
    return this.#files.readFile(path);
  }

  openFile(path: string): OpenFile {
    return this.#files.openFile(path);
  }

  readText(path: string): string {
    return this.#files.readText(path);
  }

  readChunks(path: string, visit: (chunk: Uint8Array) => boolean): void {
    this.#files.readChunks(path, visit);
  }

  writeFile(path: string, bytes: Uint8Array): void {
    this.#files.writeFile(path, bytes);
  }

  readDirectory(path: string): string[] {
    return this.#files.readDirectory(path);
  }

  readFolders(path: string): string[] {
    return this.#files.readFolders(path);
  }

  listDirectory(path: string): string[] {
    return this.#files.listDirectory(path);
  }

  readLink(path: string): string {
    return this.#files.readLink(path);
  }

  status(path: string): FileStatus {
    return this.#files.status(path);
  }

  statusFollowing(path: string): FileStatus {
    return this.#files.statusFollowing(path);
  }

  exists(path: string): boolean {
    return this.#files.exists(path);
  }

  fileSystemType(path: string): number {
    return this.#files.fileSystemType(path);
  }

  bpf(command: number, attr: NativeStruct): number {
    return this.#call(command, attr);
  }

  async bpfInBackground(command: number, attr: NativeStruct): Promise<number> {
    return this.#call(command, attr);
  }

  #call(command: number, attr: NativeStruct): number {
    const world = this.#world;
    switch (command) {
      case bpf_cmd.BPF_MAP_CREATE:
        return createMap(world, attr);
      case bpf_cmd.BPF_MAP_LOOKUP_ELEM:
      case bpf_cmd.BPF_MAP_UPDATE_ELEM:
      case bpf_cmd.BPF_MAP_DELETE_ELEM:
      case bpf_cmd.BPF_MAP_GET_NEXT_KEY:
      case bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM:
      case bpf_cmd.BPF_MAP_FREEZE:
        return elementCall(world, command, attr);
      case bpf_cmd.BPF_MAP_LOOKUP_BATCH:
      case bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_BATCH:
      case bpf_cmd.BPF_MAP_UPDATE_BATCH:
      case bpf_cmd.BPF_MAP_DELETE_BATCH:
        return batchCall(world, command, attr);
      case bpf_cmd.BPF_BTF_LOAD:
        return programs.loadBtf(world, attr);
      case bpf_cmd.BPF_PROG_LOAD:
        return programs.loadProgram(world, attr);
      case bpf_cmd.BPF_PROG_BIND_MAP:
        return programs.bindMap(world, attr);
      case bpf_cmd.BPF_PROG_QUERY:
        return programs.queryPrograms(world, attr);
      case bpf_cmd.BPF_LINK_CREATE:
        return programs.createLink(world, attr);
      case bpf_cmd.BPF_LINK_UPDATE:
        return programs.updateLink(world, attr);
      case bpf_cmd.BPF_LINK_DETACH:
        return programs.detachLink(world, attr);
      case bpf_cmd.BPF_RAW_TRACEPOINT_OPEN:
        return programs.openRawTracepoint(world, attr);
      case bpf_cmd.BPF_OBJ_GET_INFO_BY_FD:
        return objectInfo(this.#descriptors, attr);
      case bpf_cmd.BPF_OBJ_PIN:
        return this.#pin(attr);
      case bpf_cmd.BPF_OBJ_GET:
        return this.#openPinned(attr);
      case bpf_cmd.BPF_ENABLE_STATS:
        return this.#descriptors.open({ kind: 'statistics' });
      // Nothing is delegated to anybody.
      case bpf_cmd.BPF_TOKEN_CREATE:
        return -Errno.EOPNOTSUPP;
      default:
        return this.#byId(command, attr);
    }
  }

  #byId(command: number, attr: NativeStruct): number {
    const kinds = ['prog', 'map', 'link', 'btf'] as const;
    const view = new StructView(attr_get_id, attr.bytes);
    const id = view.u32('start_id');
    for (const kind of kinds) {
      // The smallest id above the given one, so that a walk needs no state in the kernel.
      if (command === idCommands[kind].next) {
        const ids = [...this.#objects.all(kind)].map((object) => object.id).filter((candidate) => candidate > id);
        if (ids.length === 0) return -Errno.ENOENT;
        view.set('next_id', Math.min(...ids));
        return 0;
      }
      if (command !== idCommands[kind].open) continue;
      const found = this.#objects.byId(kind, id);
      return found === undefined ? -Errno.ENOENT : this.#open(found, view.u32('open_flags'));
    }
    const name = Object.entries(bpf_cmd).find(([, number]) => number === command)?.[0] ?? `command ${command}`;
    throw new NotSupportedError(`bpf(${name}) of the fake kernel`);
  }

  #open(object: FakeObject, flags: number): number {
    if (object.kind !== 'map') return flags === 0 ? this.#descriptors.openObject(object) : -Errno.EINVAL;
    const canRead = (flags & BPF_F_WRONLY) === 0;
    const canWrite = (flags & BPF_F_RDONLY) === 0;
    if (!canRead && !canWrite) return -Errno.EINVAL;
    return this.#descriptors.openObject(object, { canRead, canWrite });
  }

  #pin(attr: NativeStruct): number {
    const path = textAt(attr, attr_obj_pin.members.pathname);
    const found = this.#descriptors.get(new StructView(attr_obj_pin, attr.bytes).u32('bpf_fd'));
    if (path === undefined) return -Errno.EFAULT;
    if (found?.kind !== 'object' || found.object.kind === 'btf') return -Errno.EINVAL;
    const result = this.#files.pin(path, found.object);
    if (result === 0) this.#objects.hold(found.object);
    return result;
  }

  #openPinned(attr: NativeStruct): number {
    const path = textAt(attr, attr_obj_pin.members.pathname);
    if (path === undefined) return -Errno.EFAULT;
    const found = this.#files.pinned(path);
    if (typeof found === 'number') return found;
    return this.#open(found, new StructView(attr_obj_pin, attr.bytes).u32('file_flags'));
  }

  open(path: string, _flags: number): number {
    if (!this.#files.exists(path)) return -Errno.ENOENT;
    return this.#descriptors.open({ kind: 'file', path, position: 0 });
  }

  close(fd: number): number {
    return this.#descriptors.close(fd);
  }

  read(fd: number, into: Uint8Array): number {
    const found = this.#descriptors.get(fd);
    if (found === undefined) return -Errno.EBADF;
    if (found.kind !== 'file') return -Errno.EINVAL;
    if (this.#files.isDirectory(found.path)) return -Errno.EISDIR;
    const bytes = this.#files.readFile(found.path).subarray(found.position, found.position + into.length);
    into.set(bytes);
    found.position += bytes.length;
    return bytes.length;
  }

  write(fd: number, bytes: Uint8Array): number {
    const found = this.#descriptors.get(fd);
    if (found === undefined) return -Errno.EBADF;
    if (found.kind !== 'file' || this.#files.isDirectory(found.path)) return -Errno.EINVAL;
    this.#files.writeFile(found.path, bytes);
    return bytes.length;
  }

  /** It enables events and sets their program. */
  ioctl(fd: number, _request: number, _argument: number | bigint | Uint8Array): number {
    const found = this.#descriptors.get(fd);
    if (found === undefined) return -Errno.EBADF;
    return found.kind === 'event' ? 0 : -Errno.ENOTTY;
  }

  duplicate(fd: number): number {
    return this.#descriptors.duplicate(fd);
  }

  /** Descriptors of this process alone are here. */
  sameFile(one: { fd: number }, other: { fd: number }): number {
    return one.fd === other.fd ? 0 : 1;
  }

  perfEventOpen(_attr: NativeStruct, target: { cpu: number }): number {
    if (target.cpu >= this.#world.cpus) return -Errno.ENODEV;
    return this.#descriptors.open({ kind: 'event', memory: undefined });
  }

  map({ fd, length, offset = 0 }: MappingRequest): MappedMemory | number {
    const found = this.#descriptors.get(fd);
    if (found === undefined) return -Errno.EBADF;
    if (found.kind === 'event') {
      // The ring of a perf event: one page for positions, then a power of two of pages with records.
      const pages = length / smallestPageSize - 1;
      if (offset !== 0 || !Number.isInteger(pages) || (pages & (pages - 1)) !== 0) return -Errno.EINVAL;
      found.memory ??= new PerfMemory(length, smallestPageSize);
      return new FakeMapping(found.memory.memory);
    }
    if (found.kind !== 'object' || found.object.kind !== 'map') return -Errno.ENODEV;
    const memory = mapMemory(found.object, { offset, length });
    return typeof memory === 'number' ? memory : new FakeMapping(memory);
  }

  epollCreate(): number {
    return this.#descriptors.open({ kind: 'epoll', watched: [] });
  }

  epollAdd(epollFd: number, fd: number, data: number): number {
    const epoll = this.#descriptors.get(epollFd);
    const description = this.#descriptors.get(fd);
    if (epoll === undefined || description === undefined) return -Errno.EBADF;
    if (epoll.kind !== 'epoll') return -Errno.EINVAL;
    epoll.watched.push({ description, data });
    return 0;
  }

  /** Never waits: nobody could push a record meanwhile. */
  epollWait(epollFd: number, ready: Uint32Array, _timeoutMs: number): number {
    const epoll = this.#descriptors.get(epollFd);
    if (epoll === undefined) return -Errno.EBADF;
    if (epoll.kind !== 'epoll') return -Errno.EINVAL;
    const found = epoll.watched.filter(({ description }) => isReady(description)).slice(0, ready.length);
    found.forEach(({ data }, i) => {
      ready[i] = data;
    });
    return found.length;
  }

  readable(fd: number, signal?: AbortSignal): Promise<void> {
    const description = this.#descriptors.get(fd);
    return new Promise((resolve) => {
      if (signal?.aborted || description === undefined || isReady(description)) return resolve();
      // Keeps the process alive, as waiting for the kernel does.
      const alive = setInterval(() => undefined, 1 << 30);
      const wake = (): void => {
        if (!signal?.aborted && !isReady(description)) return;
        clearInterval(alive);
        signal?.removeEventListener('abort', wake);
        this.#sleepers.delete(wake);
        resolve();
      };
      signal?.addEventListener('abort', wake);
      this.#sleepers.add(wake);
    });
  }

  makeDirectory(path: string, _mode: number): number {
    return this.#files.makeDirectory(path);
  }

  removeDirectory(path: string): number {
    return this.#files.removeDirectory(path);
  }

  unlink(path: string): number {
    const gone = this.#files.unlink(path);
    if (typeof gone === 'number') return gone;
    if (gone !== undefined) this.#objects.drop(gone);
    return 0;
  }

  /** CAP_CHECKPOINT_RESTORE, number 40, is the last one. */
  getCapabilities(): CapabilitySets {
    const all = (1n << 41n) - 1n;
    return { effective: all, permitted: all, inheritable: 0n };
  }

  setCapabilities(_sets: CapabilitySets): number {
    return 0;
  }

  getResourceLimit(_resource: number): ResourceLimit {
    return { soft: RLIM_INFINITY, hard: RLIM_INFINITY };
  }

  setResourceLimit(_resource: number, _limit: ResourceLimit): number {
    return 0;
  }

  interfaceIndex(name: string): number | undefined {
    return this.#interfaces[name];
  }

  interfaceName(index: number): string | undefined {
    return Object.entries(this.#interfaces).find(([, number]) => number === index)?.[0];
  }

  clock(_id: number): bigint {
    return process.hrtime.bigint();
  }

  systemConfiguration(name: number): number {
    return name === SC_PAGESIZE ? smallestPageSize : -1;
  }

  push(map: string | number, record: Uint8Array | BtfValue, { type, cpu = 0 }: PushOptions = {}): boolean {
    const found = this.#mapNamed(map);
    const bytes = this.#bytesOf(record, type);
    const isPushed = this.#pushInto(found, bytes, cpu);
    for (const wake of [...this.#sleepers]) wake();
    return isPushed;
  }

  #pushInto(map: FakeMap, bytes: Uint8Array, cpu: number): boolean {
    if (map.ring !== undefined) return map.ring.push(bytes);
    if (!(map.contents instanceof EventContents)) throw new UsageError(`map '${map.name}' takes no records`);
    const event = map.contents.eventAt(cpu);
    if (event?.kind !== 'event' || event.memory === undefined) {
      throw new UsageError(`map '${map.name}': nobody listens to CPU ${cpu}; open a PerfBuffer first`);
    }
    return event.memory.push(bytes, process.hrtime.bigint());
  }

  #bytesOf(record: Uint8Array | BtfValue, name: string | undefined): Uint8Array {
    if (name === undefined) {
      if (record instanceof Uint8Array) return record;
      throw new UsageError('a record that is no Uint8Array needs the name of its type');
    }
    for (const { bytes } of [...this.#objects.all('btf')].reverse()) {
      const btf = parseBtf(bytes);
      const type = btf.findByName(name);
      if (type !== undefined) return compileValueEncoder(btf, type.id)(record as BtfValue);
    }
    throw new UsageError(`no BTF that was loaded has a type '${name}'`);
  }

  drain(map: string | number): Uint8Array[] {
    const { ring, name } = this.#mapNamed(map);
    if (ring === undefined) throw new UsageError(`map '${name}' is no ring buffer`);
    return ring.drain();
  }

  #mapNamed(map: string | number): FakeMap {
    const maps = [...this.#objects.all('map')];
    const found = maps.findLast(({ id, name }) => (typeof map === 'number' ? id === map : name === map.slice(0, 15)));
    if (found !== undefined) return found;
    const names = maps.map(({ id, name }) => `'${name}' (${id})`).join(', ');
    throw new UsageError(`the fake kernel has no map ${map}; it has ${names || 'none'}`);
  }

  counts(): FakeKernelCounts {
    return {
      maps: this.#objects.count('map'),
      programs: this.#objects.count('prog'),
      links: this.#objects.count('link'),
      btfs: this.#objects.count('btf'),
      descriptors: this.#descriptors.count,
    };
  }
}

const idCommands = {
  prog: { next: bpf_cmd.BPF_PROG_GET_NEXT_ID, open: bpf_cmd.BPF_PROG_GET_FD_BY_ID },
  map: { next: bpf_cmd.BPF_MAP_GET_NEXT_ID, open: bpf_cmd.BPF_MAP_GET_FD_BY_ID },
  link: { next: bpf_cmd.BPF_LINK_GET_NEXT_ID, open: bpf_cmd.BPF_LINK_GET_FD_BY_ID },
  btf: { next: bpf_cmd.BPF_BTF_GET_NEXT_ID, open: bpf_cmd.BPF_BTF_GET_FD_BY_ID },
};

function isReady(description: Description): boolean {
  switch (description.kind) {
    case 'epoll':
      return description.watched.some((watched) => isReady(watched.description));
    case 'event':
      return description.memory?.hasRecords ?? false;
    case 'object':
      return description.object.kind === 'map' && (description.object.ring?.hasRecords ?? false);
    default:
      return false;
  }
}

/** What a mapping shows stays readable after its close: it is ordinary memory. */
class FakeMapping implements MappedMemory {
  readonly buffer: ArrayBuffer;
  /** The memory is JavaScript's own, which has no address to give. */
  readonly address = 0n;

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
  }

  close(): void {}

  [Symbol.dispose](): void {}
}

import { type MapInfo, queryTaskFd } from '../bpf/index.ts';
import { RecordView } from '../btf/index.ts';
import { SyscallError, TsbpfError } from '../errors/index.ts';
import { bootTime, fdKindOfTarget, kernelRelease, symbolsAt } from '../host/index.ts';
import {
  BtfObject,
  heldId,
  type LinkInfo,
  processIds,
  processName,
  visitDescriptors,
  withVmlinux,
} from '../kernel/index.ts';
import { CLOCK_BOOTTIME, type Kernel } from '../sys/index.ts';
import { bpf_task_fd_type } from '../uapi/index.ts';
import {
  allNetworkAttachments,
  attachment,
  GroupTree,
  networkAttachments,
  socketMapAttachments,
} from './attachments.ts';
import { ContentReader } from './contents.ts';
import { mapEntryCounter } from './iterators.ts';
import { type LinkNames, linkRecord } from './link-records.ts';
import { hasFixedMemory, ProgramReader, readBtfs, readLinks, readMap, visitObjects } from './objects.ts';
import { namespaces, PinTable, type SeenPins } from './pins.ts';
import type {
  AnyRecord,
  Attachment,
  HolderRecord,
  Inventory,
  InventoryPart,
  LinkRecord,
  MapRecord,
  ProgramRecord,
} from './records.ts';

/** What an inventory has unless given: all that this process sees without entering other namespaces. */
export const usualParts: readonly InventoryPart[] = ['memory', 'btf', 'holders', 'pins', 'contents', 'attachments'];
/** All there is. */
export const allParts: readonly InventoryPart[] = [...usualParts, 'entries', 'allPins', 'allNetworks'];

const perfEvent = 'anon_inode:[perf_event]';
const oldRawTracepoint = 'anon_inode:bpf-raw-tracepoint';
const eventKinds: Readonly<Record<number, string>> = {
  [bpf_task_fd_type.BPF_FD_TYPE_RAW_TRACEPOINT]: 'raw_tracepoint',
  [bpf_task_fd_type.BPF_FD_TYPE_TRACEPOINT]: 'tracepoint',
  [bpf_task_fd_type.BPF_FD_TYPE_KPROBE]: 'kprobe',
  [bpf_task_fd_type.BPF_FD_TYPE_KRETPROBE]: 'kretprobe',
  [bpf_task_fd_type.BPF_FD_TYPE_UPROBE]: 'uprobe',
  [bpf_task_fd_type.BPF_FD_TYPE_URETPROBE]: 'uretprobe',
};

/**
 * Takes inventories of a kernel. One of these serves any number of them, with the same buffers; between two it has
 * nothing open, and remembers names that do not change.
 */
export class InventoryReader {
  readonly #kernel: Kernel;
  readonly #programs: ProgramReader;
  readonly #contents: ContentReader;
  readonly #functions = new Map<string, string>();
  readonly #countEntries: ReturnType<typeof mapEntryCounter>;
  #seenPins: SeenPins | undefined;
  #knownMaps = new Map<number, MapRecord>();
  #fixed: Pick<Inventory, 'host' | 'kernelRelease' | 'bootId'> | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#programs = new ProgramReader(kernel);
    this.#contents = new ContentReader(kernel, (use) => this.#try([], '', () => withVmlinux(kernel, use)));
    this.#countEntries = mapEntryCounter(kernel);
  }

  /**
   * Takes an inventory with these parts. What the kernel refuses is said in `missing`; only a broken system throws.
   * What hardly changes of a map that is known is not asked again, unless with `contents`: its memory, where all its
   * elements are there from the beginning, and whether it is frozen.
   */
  take(parts: readonly InventoryPart[] = usualParts): Inventory {
    const kernel = this.#kernel;
    const has = (part: InventoryPart) => parts.includes(part);
    const missing: string[] = [];
    const [takenAt, uptimeNs] = [Date.now() / 1000, kernel.clock(CLOCK_BOOTTIME)];
    const booted = Number(bootTime(kernel) / 1_000_000n) / 1000;
    const { programs, missing: missingPrograms } = this.#programs.read({
      startedAt: booted,
      withMemory: has('memory'),
    });
    missing.push(...missingPrograms);
    const maps = this.#maps(has, missing);
    const groups = new GroupTree(kernel);
    const isNamed = has('attachments') || has('allNetworks');
    const links = this.#links({ maps, programs, groups, isNamed }, missing);
    const { btfs, missing: missingTypes } = has('btf') ? readBtfs(kernel) : { btfs: [], missing: [] };
    missing.push(...missingTypes);
    const isWide = has('allPins') || has('allNetworks');
    const pids = has('holders') || isWide ? processIds(kernel) : [];
    const held = new HeldObjects(kernel);
    if (has('holders') && !held.read(pids)) {
      missing.push('there are processes that this one may not look into: what they hold is left out');
    }
    const pins = new PinTable(kernel, this.#seenPins);
    if (has('pins') || has('allPins')) pins.add(0);
    if (has('allPins')) for (const { pid } of namespaces(kernel, pids, 'mnt')) pins.add(pid);
    this.#seenPins = pins.seen;
    const attachments = [...linkAttachments(links), ...contentAttachments(maps), ...held.events];
    if (isNamed) {
      const network = this.#try(missing, 'attachments to devices', () =>
        has('allNetworks') ? allNetworkAttachments(kernel, pids, missing) : networkAttachments(kernel),
      );
      attachments.push(
        ...withoutLinked(
          [...(network ?? []), ...groups.attachments(programs), ...socketMapAttachments(kernel, maps)],
          links,
        ),
      );
    }
    // The records are this inventory's own.
    const finish = <T extends AnyRecord>(records: T[]): T[] => {
      for (const record of records as Finished[]) {
        record.holders = held.of(record.kind, record.id);
        record.pins = pins.of(record.kind, record.id);
      }
      return records;
    };
    return {
      takenAt,
      uptimeNs,
      ...this.#host(),
      programs: finish(programs),
      maps: finish(maps),
      links: finish(links),
      btfs: finish(btfs),
      attachments,
      missing: [...new Set(missing)],
    };
  }

  #maps(has: (part: InventoryPart) => boolean, missing: string[]): MapRecord[] {
    const entries = has('entries') ? this.#countEntries() : undefined;
    const maps: MapRecord[] = [];
    const known = this.#knownMaps;
    this.#knownMaps = new Map();
    const add = (map: MapRecord, contents: MapRecord['contents']) => {
      // Ids come again after two thousand million maps.
      this.#knownMaps.set(map.id, map);
      const memoryBytes = has('memory') ? map.memoryBytes : 0;
      maps.push({ ...map, memoryBytes, contents, entries: entries?.get(map.id) });
    };
    const takeKnown = (id: number): boolean => {
      const map = has('contents') ? undefined : known.get(id);
      if (map === undefined || (has('memory') && (map.memoryBytes === 0 || !hasFixedMemory(map)))) return false;
      add(map, []);
      return true;
    };
    const read = (fd: number) => {
      const found = readMap(this.#kernel, fd, { withMemory: has('memory') });
      if (found === undefined) return;
      add(found.map, has('contents') ? this.#contents.read(fd, found.info satisfies MapInfo) : []);
    };
    missing.push(...visitObjects(this.#kernel, 'map', read, takeKnown));
    return maps;
  }

  #links(
    around: { maps: readonly MapRecord[]; programs: readonly ProgramRecord[]; groups: GroupTree; isNamed: boolean },
    missing: string[],
  ): LinkRecord[] {
    const kernel = this.#kernel;
    const read = readLinks(kernel);
    missing.push(...read.missing);
    const names: LinkNames = {
      deviceName: (ifindex) => kernel.interfaceName(ifindex),
      groupPath: (id) => (around.isNamed ? around.groups.pathOf(id) : undefined),
      mapName: (id) => around.maps.find((map) => map.id === id)?.name || `map ${id}`,
      symbolAt: (address) => (around.isNamed ? symbolNames(kernel, read.links).get(address) : undefined),
      functionOf: ({ objectId, typeId, programId }) => {
        // Of a function in a program the kernel gives that program's id in the place of a BTF object's.
        const attached = around.programs.find(({ id }) => id === programId);
        const isKernels = attached === undefined || attached.attachBtfObjectId === objectId || objectId === 0;
        const target = isKernels ? undefined : around.programs.find(({ id }) => id === objectId);
        if (target !== undefined) return { name: target.name, programId: target.id };
        if (!around.isNamed || typeId === 0) return { name: '', programId: 0 };
        return { name: this.#functionName(objectId, typeId), programId: 0 };
      },
    };
    return read.links.map((info) => linkRecord(info, names));
  }

  #functionName(objectId: number, typeId: number): string {
    const key = `${objectId} ${typeId}`;
    let name = this.#functions.get(key);
    if (name === undefined) {
      name = this.#try([], '', () => this.#typeName(objectId, typeId)) ?? '';
      this.#functions.set(key, name);
    }
    return name;
  }

  #typeName(objectId: number, typeId: number): string | undefined {
    using object = BtfObject.openById(this.#kernel, objectId);
    return withVmlinux(this.#kernel, (vmlinux) => {
      const { name, kernelBtf } = object.info();
      if (name === 'vmlinux') return vmlinux.name(typeId);
      return new RecordView(object.bytes(), kernelBtf ? { base: vmlinux } : {}).name(typeId);
    });
  }

  #host(): Pick<Inventory, 'host' | 'kernelRelease' | 'bootId'> {
    const text = (path: string) => this.#try([], '', () => this.#kernel.readText(path).trim()) ?? '';
    this.#fixed ??= {
      host: text('/proc/sys/kernel/hostname'),
      kernelRelease: kernelRelease(this.#kernel),
      bootId: text('/proc/sys/kernel/random/boot_id'),
    };
    return this.#fixed;
  }

  #try<T>(missing: string[], what: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof TsbpfError)) throw error;
      missing.push(`${what} are missing: ${error.message}`);
      return undefined;
    }
  }
}

type Finished = { -readonly [Name in keyof AnyRecord]: AnyRecord[Name] };

/** Takes one inventory of a kernel. See `InventoryReader`. */
export function takeInventory(kernel: Kernel, parts: readonly InventoryPart[] = usualParts): Inventory {
  return new InventoryReader(kernel).take(parts);
}

/** Which processes have which objects open, and the perf events with programs that they have. */
class HeldObjects {
  readonly events: Attachment[] = [];
  readonly #kernel: Kernel;
  readonly #held = new Map<string, { pid: number; comm: string; fds: number[] }[]>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  of(kind: string, id: number): readonly HolderRecord[] {
    return this.#held.get(`${kind} ${id}`) ?? [];
  }

  /** False if there is a process that may not be looked into. */
  read(pids: readonly number[]): boolean {
    const kernel = this.#kernel;
    return visitDescriptors(kernel, pids, (pid, fd, target) => {
      if (target === perfEvent || target === oldRawTracepoint) return this.#event(pid, fd);
      const kind = fdKindOfTarget(target);
      if (kind === undefined) return;
      const id = heldId(kernel, kind, { pid, fd });
      if (id !== 0) this.#hold(`${kind} ${id}`, pid, fd);
    });
  }

  #hold(key: string, pid: number, fd: number): void {
    const list = this.#held.get(key) ?? [];
    const last = list.at(-1);
    if (last?.pid === pid) last.fds.push(fd);
    else list.push({ pid, comm: processName(this.#kernel, pid), fds: [fd] });
    this.#held.set(key, list);
  }

  #event(pid: number, fd: number): void {
    const event = queryTaskFd(this.#kernel, pid, fd);
    if (typeof event === 'number') return;
    const { progId: programId, name, offset, address } = event;
    const shift = offset === 0n ? '' : `+0x${offset.toString(16)}`;
    const target = name === '' ? `0x${address.toString(16)}` : `${name}${shift}`;
    const hook = eventKinds[event.type] ?? String(event.type);
    this.events.push(attachment({ programId, via: 'perf', hook, target, pid, fd }));
  }
}

function linkAttachments(links: readonly LinkRecord[]): Attachment[] {
  return links
    .filter(({ programId, isDetached }) => programId !== 0 && !isDetached)
    .map(({ id, programId, mapId, hook, type, target }) =>
      attachment({ programId, via: 'link', hook: hook === '' ? type : hook, target, linkId: id, mapId }),
    );
}

function contentAttachments(maps: readonly MapRecord[]): Attachment[] {
  return maps.flatMap(({ id, name, type, contents }) =>
    contents
      .filter(({ kind }) => kind === 'prog')
      .map(({ id: programId, key }) => {
        const via = type === 'struct_ops' ? 'struct_ops' : type === 'prog_array' ? 'tail_call' : 'map';
        return attachment({ programId, via, hook: type, target: `${name}[${key}]`, mapId: id });
      }),
  );
}

/**
 * Devices, groups and maps of sockets list programs that a link has put there, too: each link stands for one of these.
 * Where the list does not say which link, program, hook and, if the link's is known here, place decide.
 */
function withoutLinked(found: readonly Attachment[], links: readonly LinkRecord[]): Attachment[] {
  const left = links.filter(({ isDetached }) => !isDetached);
  const stood = new Set<Attachment>();
  const match = (isOf: (link: LinkRecord, at: Attachment) => boolean) => {
    for (const at of found) {
      if (stood.has(at)) continue;
      const index = left.findIndex((link) => isOf(link, at));
      if (index < 0) continue;
      left.splice(index, 1);
      stood.add(at);
    }
  };
  const isSameHook = ({ type, hook, programId }: LinkRecord, at: Attachment) =>
    programId === at.programId && (at.via === 'net' ? type === 'xdp' && at.hook.startsWith('xdp') : hook === at.hook);
  match(({ id }, { linkId }) => id === linkId);
  const isSamePlace = (link: LinkRecord, at: Attachment) => link.target === at.target && link.mapId === at.mapId;
  match((link, at) => at.linkId === 0 && isSameHook(link, at) && isSamePlace(link, at));
  // A link tells the index of its device, not in which network namespace that is.
  match((link, at) => at.linkId === 0 && isSameHook(link, at));
  return found.filter((at) => !stood.has(at));
}

/** Names of the functions at which multi-probes are. */
function symbolNames(kernel: Kernel, links: readonly LinkInfo[]): Map<bigint, string> {
  const addresses = links.flatMap((link) => link.addresses.slice(0, 1));
  try {
    return new Map([...symbolsAt(kernel, addresses)].map(([address, { name }]) => [address, name]));
  } catch (error) {
    if (error instanceof SyscallError) return new Map();
    throw error;
  }
}

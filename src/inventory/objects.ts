// Programs, maps, links and BTF objects one by one: each is opened, asked and closed.
import { nextId, type ObjectKind, openFdById, tryBtfInfo, tryInfo, tryMapInfo } from '../bpf/index.ts';
import { toHex } from '../bytes/index.ts';
import { Errno, strerror, SyscallError } from '../errors/index.ts';
import { fdInfo } from '../host/index.ts';
import { BpfLink, BpfProgram, type LinkInfo, type MapInfo } from '../kernel/index.ts';
import type { Kernel } from '../sys/index.ts';
import {
  BPF_F_NO_PREALLOC,
  BPF_F_RDONLY,
  bpf_prog_info,
  mapTypeName,
  progTypeName,
  structView,
} from '../uapi/index.ts';
import type { BtfRecord, MapRecord, ProgramRecord } from './records.ts';

const none = [] as const;
/** Programs with more are asked again. */
const usualMaps = 64;
const kernelNameBytes = 15;

/** What of a program stays as it is, so that it is found out once. */
interface ProgramFacts {
  readonly loadTime: bigint;
  readonly tag: string;
  readonly name: string;
  readonly mapIds: readonly number[];
  memoryBytes: number;
}

/**
 * Calls `visit` with each object of a kind, open for as long as the call lasts. Returns why not all could be visited.
 * Those of which `takeKnown` says true are not opened.
 */
export function visitObjects(
  kernel: Kernel,
  kind: ObjectKind,
  visit: (fd: number, id: number) => void,
  takeKnown: (id: number) => boolean = () => false,
): string[] {
  const problems: string[] = [];
  const flags = kind === 'map' ? BPF_F_RDONLY : 0;
  for (let id = 0; ; ) {
    const next = nextId(kernel, kind, id);
    if (next === -Errno.ENOENT) return problems;
    if (next < 0)
      return [...problems, `${kindNames[kind]} are missing, since the kernel does not list them: ${strerror(-next)}`];
    id = next;
    if (takeKnown(id)) continue;
    const fd = openFdById(kernel, kind, id, flags);
    // Gone since its id was read.
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) {
      const problem = `${kindNames[kind]} are missing, since they may not be opened: ${strerror(-fd)}`;
      if (!problems.includes(problem)) problems.push(problem);
      // Who may not open one may open none.
      if (fd === -Errno.EPERM) return problems;
      continue;
    }
    try {
      visit(fd, id);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      problems.push(`${kind} ${id} is missing: ${error.message}`);
    } finally {
      kernel.close(fd);
    }
  }
}

const kindNames: Readonly<Record<ObjectKind, string>> = {
  prog: 'programs',
  map: 'maps',
  link: 'links',
  btf: 'BTF objects',
};

/** Reads programs with buffers that serve them all. What stays of a program is remembered for the next time. */
export class ProgramReader {
  readonly #kernel: Kernel;
  #known = new Map<number, ProgramFacts>();
  readonly #info = structView(bpf_prog_info, new Uint8Array(bpf_prog_info.size));
  readonly #mapIds = new Uint32Array(usualMaps);
  readonly #mapBytes = new Uint8Array(this.#mapIds.buffer);

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** All programs, ascending by id, and what is missing. `startedAt`: when the machine was, in seconds since 1970. */
  read({ startedAt, withMemory }: { startedAt: number; withMemory: boolean }): {
    programs: ProgramRecord[];
    missing: string[];
  } {
    const programs: ProgramRecord[] = [];
    const known = new Map<number, ProgramFacts>();
    const missing = visitObjects(this.#kernel, 'prog', (fd, id) => {
      const facts = this.#ask(fd, id, { withMemory });
      if (facts === undefined) return;
      programs.push(this.#record(id, startedAt, facts));
      known.set(id, facts);
    });
    // Those that are gone are forgotten.
    this.#known = known;
    return { programs, missing };
  }

  #ask(fd: number, id: number, { withMemory }: { withMemory: boolean }): ProgramFacts | undefined {
    const info = this.#info;
    info.bytes.fill(0);
    info.set('nr_map_ids', usualMaps).receive('map_ids', this.#mapBytes);
    const result = tryInfo(this.#kernel, fd, info);
    if (result < 0) return undefined;
    const loadTime = info.u64('load_time');
    let facts = this.#known.get(id);
    if (facts?.loadTime !== loadTime) facts = this.#facts(fd, loadTime);
    if (withMemory && facts.memoryBytes === 0) facts.memoryBytes = memoryOf(this.#kernel, fd);
    return facts;
  }

  /** What the kernel answered last, of a program with these facts. */
  #record(id: number, startedAt: number, facts: ProgramFacts): ProgramRecord {
    const info = this.#info;
    const type = info.u32('type');
    return {
      kind: 'prog',
      id,
      name: facts.name,
      type: progTypeName(type) ?? String(type),
      tag: facts.tag,
      loadedAt: Math.round(startedAt + Number(facts.loadTime / 1_000_000n) / 1000),
      uid: info.u32('created_by_uid'),
      translatedBytes: info.u32('xlated_prog_len'),
      machineBytes: info.u32('jited_prog_len'),
      memoryBytes: facts.memoryBytes,
      mapIds: facts.mapIds,
      btfId: info.u32('btf_id'),
      verifiedInstructions: info.u32('verified_insns'),
      runTimeNs: info.u64('run_time_ns'),
      runCount: info.u64('run_cnt'),
      recursionMisses: info.u64('recursion_misses'),
      attachBtfObjectId: info.u32('attach_btf_obj_id'),
      attachBtfId: info.u32('attach_btf_id'),
      ifindex: info.u32('ifindex'),
      holders: none,
      pins: none,
    };
  }

  #facts(fd: number, loadTime: bigint): ProgramFacts {
    const info = this.#info;
    const count = info.u32('nr_map_ids');
    const tag = toHex(info.bytesOf('tag'));
    const name = info.text('name');
    const ids = [...this.#mapIds.subarray(0, Math.min(count, usualMaps))];
    const isLong = Buffer.byteLength(name) >= kernelNameBytes && info.u32('btf_id') !== 0;
    if (count <= usualMaps && !isLong) return { loadTime, tag, name, mapIds: ids, memoryBytes: 0 };
    using program = new BpfProgram(this.#kernel, this.#kernel.duplicate(fd), { isKnown: true });
    const mapIds = count > usualMaps ? program.infoWithMaps().mapIds : ids;
    return { loadTime, tag, name: isLong ? program.fullName(program.info()) : name, mapIds, memoryBytes: 0 };
  }
}

/** A map as the kernel tells of it; its contents, holders and pins are not in it yet. Undefined where it tells nothing. */
export function readMap(
  kernel: Kernel,
  fd: number,
  { withMemory }: { withMemory: boolean },
): { map: MapRecord; info: MapInfo } | undefined {
  const info = tryMapInfo(kernel, fd);
  if (typeof info === 'number') return undefined;
  const more = withMemory ? fdInfo(kernel, fd) : undefined;
  const map: MapRecord = {
    kind: 'map',
    id: info.id,
    name: info.name,
    type: mapTypeName(info.type) ?? String(info.type),
    keyBytes: info.keySize,
    valueBytes: info.valueSize,
    maxEntries: info.maxEntries,
    flags: info.flags,
    memoryBytes: Number(more?.get('memlock') ?? 0),
    entries: undefined,
    isFrozen: more?.get('frozen') === '1',
    btfId: info.btfId,
    ifindex: info.ifindex,
    contents: none,
    holders: none,
    pins: none,
  };
  return { map, info };
}

/** Types of maps whose elements are all there from the beginning, unless they are made to come one by one. */
const fixedTypes = new Set([
  ...['array', 'percpu_array', 'prog_array', 'perf_event_array', 'cgroup_array', 'array_of_maps', 'ringbuf', 'queue'],
  ...['stack', 'hash', 'percpu_hash', 'lru_hash', 'lru_percpu_hash', 'bloom_filter', 'devmap', 'user_ringbuf'],
]);

/** Whether what a map takes stays the same. */
export function hasFixedMemory({ type, flags }: MapRecord): boolean {
  return fixedTypes.has(type) && (flags & BPF_F_NO_PREALLOC) === 0;
}

/** All links, ascending by id, and what is missing. */
export function readLinks(kernel: Kernel): { links: LinkInfo[]; missing: string[] } {
  const links: LinkInfo[] = [];
  const missing = visitObjects(kernel, 'link', (fd) => {
    using link = new BpfLink(kernel, kernel.duplicate(fd), { isKnown: true });
    links.push(link.info());
  });
  return { links, missing };
}

/** All BTF objects, ascending by id, and what is missing. */
export function readBtfs(kernel: Kernel): { btfs: BtfRecord[]; missing: string[] } {
  const btfs: BtfRecord[] = [];
  const missing = visitObjects(kernel, 'btf', (fd) => {
    const info = tryBtfInfo(kernel, fd);
    if (typeof info === 'number') return;
    const { id, name, size, kernelBtf } = info;
    btfs.push({ kind: 'btf', id, name, bytes: size, isKernel: kernelBtf, holders: none, pins: none });
  });
  return { btfs, missing };
}

function memoryOf(kernel: Kernel, fd: number): number {
  return Number(fdInfo(kernel, fd).get('memlock') ?? 0);
}

// What an inventory is: plain data, with nothing of it open. Ids are the kernel's and are given again after a while.

/** A process that has an object open, and by which descriptors. */
export interface HolderRecord {
  readonly pid: number;
  readonly comm: string;
  readonly fds: readonly number[];
}

/** A file of a BPF file system. */
export interface PinRecord {
  /** As a process of its mount namespace sees it. */
  readonly path: string;
  /** The process through whose root it is reached (`/proc/PID/root`); 0 where this process sees it itself. */
  readonly pid: number;
  /** File system and file: several paths to one file are one reference. */
  readonly file: string;
}

/** An object with an id in an inventory. */
export interface ObjectRecord {
  readonly id: number;
  /** The whole name where it can be found out, else the kernel's, which is cut after 15 bytes. Any bytes but NUL may be in it. */
  readonly name: string;
  /** Processes that have it open. Empty where they were not asked for. */
  readonly holders: readonly HolderRecord[];
  readonly pins: readonly PinRecord[];
}

/** A program in an inventory. */
export interface ProgramRecord extends ObjectRecord {
  readonly kind: 'prog';
  /** As bpftool prints it, or the number of a type newer than this program. */
  readonly type: string;
  /** 16 hexadecimal digits. */
  readonly tag: string;
  /** Seconds since 1970. */
  readonly loadedAt: number;
  readonly uid: number;
  readonly translatedBytes: number;
  readonly machineBytes: number;
  /** As charged for the program itself; 0 where it was not asked for. */
  readonly memoryBytes: number;
  readonly mapIds: readonly number[];
  readonly btfId: number;
  readonly verifiedInstructions: number;
  readonly runTimeNs: bigint;
  readonly runCount: bigint;
  readonly recursionMisses: bigint;
  /** BTF object and type of the kernel function it was loaded for; 0 where there is none. */
  readonly attachBtfObjectId: number;
  readonly attachBtfId: number;
  /** A network device that runs it itself; 0 where there is none. */
  readonly ifindex: number;
}

/** A map in an inventory. */
export interface MapRecord extends ObjectRecord {
  readonly kind: 'map';
  readonly type: string;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** As the kernel counts what the map takes; 0 where it was not asked for. */
  readonly memoryBytes: number;
  /** How many elements it has; undefined where that was not asked for or cannot be known without reading them all. */
  readonly entries: number | undefined;
  readonly isFrozen: boolean;
  readonly btfId: number;
  readonly ifindex: number;
  /** What its elements name: programs (tail calls, programs of devices and CPUs, operations of a struct) or maps. */
  readonly contents: readonly ContentRecord[];
}

/** An element of a map that names, and keeps, another object. */
export interface ContentRecord {
  readonly kind: 'prog' | 'map';
  readonly id: number;
  /** The key: a number of up to 4 bytes as such, others in hexadecimal; for a struct's operation its name. */
  readonly key: string;
}

/** A link in an inventory. */
export interface LinkRecord extends ObjectRecord {
  readonly kind: 'link';
  readonly type: string;
  /** 0 where it has a map instead. */
  readonly programId: number;
  /** The map of a struct's operations, or that an iterator or a socket map's link is of; else 0. */
  readonly mapId: number;
  /** What it is attached to, as people write it. Empty where nothing is known. */
  readonly target: string;
  /** `cgroup_inet_ingress` …; empty where the type says it all. */
  readonly hook: string;
  /** What it was attached to is gone; the link is left and does nothing. */
  readonly isDetached: boolean;
  /** The program that it replaces or watches; else 0. */
  readonly targetProgramId: number;
}

/** A BTF object in an inventory. */
export interface BtfRecord extends ObjectRecord {
  readonly kind: 'btf';
  readonly bytes: number;
  /** Of the kernel or of a module. */
  readonly isKernel: boolean;
}

/** A record of any kind in an inventory. */
export type AnyRecord = ProgramRecord | MapRecord | LinkRecord | BtfRecord;

/** A place where a program runs. */
export interface Attachment {
  readonly programId: number;
  /**
   * What keeps it there: a link, a device (`net`), a group of processes (`cgroup`), a descriptor of an event (`perf`), a
   * network namespace (`netns`), a map of sockets (`sockmap`), or an element of a map (`struct_ops`, `tail_call`, `map`).
   */
  readonly via: 'link' | 'net' | 'cgroup' | 'perf' | 'netns' | 'sockmap' | 'struct_ops' | 'tail_call' | 'map';
  /** `xdp`, `tcx/ingress`, `cgroup_inet_egress`, `tracepoint` … */
  readonly hook: string;
  /** `eth0`, `/sys/fs/cgroup/x`, `sched_switch`, the name of a map … */
  readonly target: string;
  /** The link that does it; 0 where there is none. */
  readonly linkId: number;
  /** The map that does it; 0 where there is none. */
  readonly mapId: number;
  /** The process and descriptor that do it, for `perf`; else 0. */
  readonly pid: number;
  readonly fd: number;
}

/** What an inventory can have besides programs, maps and links themselves. */
export type InventoryPart =
  /** What programs and maps take. */
  | 'memory'
  /** How full maps are, where the kernel counts (6.6 and later) and lets a small program ask. */
  | 'entries'
  | 'btf'
  /** Processes that have objects open, and their perf events. */
  | 'holders'
  /** Where objects are pinned, as this process sees it. */
  | 'pins'
  /** As `pins`, in all mount namespaces that have a process. */
  | 'allPins'
  /** Elements of maps that name programs or maps. */
  | 'contents'
  /** Where programs are attached besides links: devices, groups, maps of sockets, struct_ops. */
  | 'attachments'
  /** As `attachments`, in all network namespaces that have a process or a name. */
  | 'allNetworks';

/** All that is loaded, as plain data. */
export interface Inventory {
  /** When it was taken, in seconds since 1970. */
  readonly takenAt: number;
  /** Nanoseconds since the machine was started, of the same moment: what rates are measured by. */
  readonly uptimeNs: bigint;
  readonly host: string;
  readonly kernelRelease: string;
  /** Of this start of the machine; empty where it is unknown. Ids and counters of another one mean other things. */
  readonly bootId: string;
  readonly programs: readonly ProgramRecord[];
  readonly maps: readonly MapRecord[];
  readonly links: readonly LinkRecord[];
  readonly btfs: readonly BtfRecord[];
  readonly attachments: readonly Attachment[];
  /** What could not be had, a sentence each. Objects that went away meanwhile are not missing. */
  readonly missing: readonly string[];
}

// The layout of what the programs keep and send, shared by those who write it and those who read it. All offsets in bytes.

/** A thread's slot: the call it is in, and the record that is being made of it. */
export const Slot = {
  /** The call (its number + 1), 0 outside of one. */
  active: 0,
  /** Where the record's next section begins. */
  cursor: 4,
  /** Bytes of the attribute that were copied. */
  attributeSize: 16,
  plan: 20,
  keySize: 24,
  valueSize: 28,
  mapType: 32,
  /** Whether an object is one that is asked for. */
  matched: 36,
  queueCount: 40,
  queueIndex: 44,
  queuePosition: 48,
  flags: 52,
  /** What is sent in pieces: address (8), length (4), tag (4), source (4), BTF id (4). */
  queue: 56,
  /** A byte for each item of the plan. */
  status: 200,
  /** Where the last short region's bytes are in the record, and how many. */
  lastRegion: 216,
  lastLength: 220,
  /** Maps sent before: address (8), id, key size, value size, type, whether it is asked for (4 each), 4 unused. */
  cache: 224,
  attribute: 352,
  attributeAfter: 608,
  record: 864,
} as const;

export const queueLength = 6;
export const queueEntrySize = 24;
export const cacheEntries = 4;
export const cacheEntrySize = 32;
export const largestAttribute = 256;
/** Sections begin below this, and short regions are below the other. */
export const lastSectionStart = 2047;
export const largestInline = 1023;
export const slotSize = (Slot.record + lastSectionStart + 1 + 16 + largestInline + 8) & ~7;

export const SlotFlag = { attributeFault: 1, pieceLost: 2, overflow: 4, itemFault: 8 } as const;
export const ItemStatus = { done: 1, fault: 2 } as const;

/** The head of a record. */
export const Head = {
  kind: 0,
  call: 2,
  flags: 4,
  lost: 8,
  start: 16,
  end: 24,
  tgid: 32,
  tid: 36,
  uid: 40,
  cpu: 44,
  result: 48,
  comm: 56,
  arguments: 72,
  size: 112,
} as const;

export const RecordKind = { call: 1, piece: 2, exit: 3, fork: 4 } as const;
/** A record about a process: its number, and of a new one that of its parent. */
export const ProcessRecord = { kind: 0, parent: 4, pid: 8, size: 16 } as const;

/** A piece of something large. */
export const Piece = {
  kind: 0,
  source: 2,
  tid: 4,
  tag: 8,
  position: 12,
  total: 16,
  length: 20,
  fault: 24,
  size: 32,
} as const;
export const PieceSource = { user: 0, types: 1 } as const;
export const pieceSizes = [4096, 16384, 65536] as const;
/** The most of one thing that is sent. */
export const largestStream = 2 << 20;

/** The head of a section: type (1), flags (1), item (2), length of what follows (4). */
export const SectionType = { attribute: 1, attributeAfter: 2, object: 3, reference: 4, region: 5 } as const;
export const SectionFlag = { fault: 1, late: 2, out: 4, text: 8, streamed: 16, cut: 32, result: 64 } as const;
export const sectionHead = 8;

/** An object's section, after its head. */
export const Described = {
  fd: 8,
  kind: 12,
  id: 16,
  type: 20,
  first: 24,
  second: 28,
  maxEntries: 32,
  flags: 36,
  btfId: 40,
  keyType: 44,
  valueType: 48,
  vmlinuxValueType: 52,
  wide: 56,
  name: 64,
  size: 128,
} as const;
/** Of perf events: the name has two parts. */
export const perfSystemLength = 24;
export const referenceSize = 24;

export const ObjectKindNumber = { map: 1, prog: 2, link: 3, btf: 4, perf: 5, file: 6 } as const;

/** A plan: what to do for one command. */
export const Plan = { isTraced: 0, flags: 4, items: 16, size: 208 } as const;
export const maxItems = 12;
/** `attributeAfter`: the kernel writes to the attribute. `itemsAfter`: something is read after the call. */
export const PlanFlag = { attributeAfter: 1, itemsAfter: 2 } as const;
/** An item of a plan. */
export const Item = {
  kind: 0,
  time: 1,
  offset: 2,
  rule: 4,
  first: 6,
  second: 8,
  flags: 10,
  factor: 12,
  size: 16,
} as const;
/** `textBehind`: a text to which one of the words points that a pointer means. */
export const ItemKind = { end: 0, fd: 1, region: 2, fdInRegion: 3, result: 4, textBehind: 5 } as const;
export const ItemTime = { before: 1, after: 2 } as const;
export const Rule = {
  bytes: 0,
  count: 1,
  product: 2,
  key: 3,
  value: 4,
  text: 5,
  perf: 6,
  result: 7,
  position: 8,
} as const;
export const ItemFlag = { primary: 1, limited: 2, holdsFds: 4, nonzero: 8, ever: 16, failed: 32 } as const;
export const noMember = 0xffff;

/** Plans: commands of bpf(2) first, then unknown ones, perf_event_open(2), and requests of ioctl(2). */
/** `linkCreate`: of BPF_LINK_CREATE there is one for each class of attach types. */
export const PlanIndex = { unknown: 63, perfEventOpen: 64, ioctl: 65, linkCreate: 80, count: 96 } as const;

/** Records that found no room: of calls, and of processes that came or went. */
export const Counter = { lost: 0, lostProcesses: 24, size: 64 } as const;
/** Answers of the program that looks at this process, in the same map. */
export const Calibration = { operations: 8, pidLevel: 16 } as const;

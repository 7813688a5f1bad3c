import type { AnyRecord, Attachment, Inventory, InventoryPart } from '../../inventory/index.ts';

/** What can be listed. */
export const kinds = ['progs', 'maps', 'links', 'btf', 'pins'] as const;
export type Kind = (typeof kinds)[number];

/** The value of a column: several stand in one cell. Undefined where nothing is known. */
export type Value = string | number | readonly string[] | undefined;

/** A line of a list: values by the name of their column. */
export type Row = Readonly<Record<string, Value>>;

export interface Column {
  readonly name: string;
  /** What it is, for help, manual pages and schemas. */
  readonly about: string;
  /** Bytes and nanoseconds are shown in larger units at a terminal. */
  readonly unit?: 'bytes' | 'ns';
  readonly isNumber?: boolean;
  /** Several values in a cell. */
  readonly isList?: boolean;
  /** What has to be found out for it. */
  readonly part?: InventoryPart;
  /** It is shown only when `--columns` asks for it. */
  readonly isExtra?: boolean;
}

const number = (name: string, about: string, more: Partial<Column> = {}): Column => ({
  name,
  about,
  isNumber: true,
  ...more,
});
const text = (name: string, about: string, more: Partial<Column> = {}): Column => ({ name, about, ...more });
const list = (name: string, about: string, more: Partial<Column> = {}): Column => ({
  name,
  about,
  isList: true,
  ...more,
});

const id = number('id', 'The id.');
const memory = number('memory', 'Bytes of memory that the kernel charges for it.', { unit: 'bytes', part: 'memory' });
const holders = list('holders', 'Processes that have it open, as NAME(PID).', { part: 'holders' });
const pins = list('pins', 'Paths at which it is pinned.', { part: 'pins' });

export const columnsOf: Readonly<Record<Kind | 'all', readonly Column[]>> = {
  all: [
    text('kind', 'prog, map or link.'),
    id,
    text('type', 'The type.'),
    text('name', 'The name.'),
    memory,
    holders,
    pins,
    list('attached', 'Where a program or link is attached.', { part: 'attachments' }),
  ],
  progs: [
    id,
    text('type', 'The type of the program.'),
    text('name', 'The name: that of its function where it has BTF.'),
    number('size', 'Bytes of its instructions after the verifier.', { unit: 'bytes' }),
    memory,
    number('per_call', 'Nanoseconds a run took on average, where the kernel measures.', { unit: 'ns' }),
    number('runs', 'How often it ran while the kernel measured.', { isExtra: true }),
    number('maps', 'How many maps it uses.', { isExtra: true }),
    text('tag', 'The hash of its instructions.', { isExtra: true }),
    number('uid', 'The user who loaded it.', { isExtra: true }),
    text('loaded', 'When it was loaded, in UTC.', { isExtra: true }),
    holders,
    pins,
    list('attached', 'Where it is attached, as HOOK TARGET.', { part: 'attachments' }),
  ],
  maps: [
    id,
    text('type', 'The type of the map.'),
    text('name', 'The name.'),
    number('key', 'Bytes of a key.'),
    number('value', 'Bytes of a value.'),
    number('entries', 'How many elements fit in.'),
    number('used', 'How many elements there are, where the kernel tells.', { part: 'entries' }),
    memory,
    number('flags', 'The flags it was created with.', { isExtra: true }),
    text('frozen', 'yes where user space cannot change it.', { isExtra: true }),
    number('btf', 'The id of its BTF; 0 without.', { isExtra: true }),
    holders,
    pins,
  ],
  links: [
    id,
    text('type', 'The type of the link.'),
    number('prog', 'The id of the program; 0 where it has a map instead.'),
    text('name', 'The name of the program.'),
    text('hook', 'How it is attached.'),
    text('target', 'What it is attached to.'),
    text('detached', 'yes where what it was attached to is gone.', { isExtra: true }),
    holders,
    pins,
  ],
  btf: [
    id,
    text('name', 'vmlinux, the name of a module, or that of a map; most have none.'),
    number('size', 'Bytes.', { unit: 'bytes' }),
    text('kernel', 'yes for those of the kernel and its modules.'),
    number('users', 'How many programs and maps have it.'),
    { ...holders, part: 'holders' },
  ],
  pins: [
    text('path', 'The file.'),
    text('kind', 'prog, map or link.'),
    id,
    text('type', 'The type.'),
    text('name', 'The name.'),
  ],
};

/** What has to be found out for columns of a list, however they are used. */
export function partsFor(kind: Kind | 'all', columns: readonly Column[]): InventoryPart[] {
  const parts = new Set<InventoryPart>(columns.flatMap(({ part }) => (part === undefined ? [] : [part])));
  if (kind === 'pins') parts.add('pins');
  if (kind === 'btf') parts.add('btf');
  return [...parts];
}

/** The rows of a list, by id (pins by path). */
export function rowsOf(kind: Kind | 'all', inventory: Inventory): Row[] {
  const { programs, maps, links, btfs } = inventory;
  switch (kind) {
    case 'all':
      return [...programs, ...maps, ...links].map((record) => ({
        kind: record.kind,
        ...common(record),
        type: record.type,
        memory: 'memoryBytes' in record ? known(record.memoryBytes) : undefined,
        attached: attachedOf(record, inventory),
      }));
    case 'progs':
      return programs.map((program) => ({
        ...common(program),
        type: program.type,
        size: program.translatedBytes,
        memory: known(program.memoryBytes),
        per_call:
          program.runCount === 0n ? undefined : Math.round(Number(program.runTimeNs) / Number(program.runCount)),
        runs: Number(program.runCount),
        maps: program.mapIds.length,
        tag: program.tag,
        uid: program.uid,
        loaded: new Date(program.loadedAt * 1000).toISOString().replace('.000', ''),
        attached: attachedOf(program, inventory),
      }));
    case 'maps':
      return maps.map((map) => ({
        ...common(map),
        type: map.type,
        key: map.keyBytes,
        value: map.valueBytes,
        entries: map.maxEntries,
        used: map.entries,
        memory: known(map.memoryBytes),
        flags: map.flags,
        frozen: yes(map.isFrozen),
        btf: map.btfId,
      }));
    case 'links':
      return links.map((link) => ({
        ...common(link),
        type: link.type,
        prog: link.programId,
        name: programs.find((program) => program.id === link.programId)?.name ?? '',
        hook: link.hook,
        target: link.target,
        detached: yes(link.isDetached),
      }));
    case 'btf':
      return btfs.map((btf) => ({
        ...common(btf),
        size: btf.bytes,
        kernel: yes(btf.isKernel),
        users: [...programs, ...maps].filter((user) => user.btfId === btf.id).length,
      }));
    case 'pins':
      return [...programs, ...maps, ...links]
        .flatMap((record) =>
          record.pins.map(({ path }) => ({ ...common(record), path, kind: record.kind, type: record.type })),
        )
        .sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

const yes = (is: boolean) => (is ? 'yes' : 'no');
/** A number; empty where it is 0, which stands for unknown. */
const known = (bytes: number) => (bytes === 0 ? undefined : bytes);

function common(record: AnyRecord) {
  return {
    id: record.id,
    name: record.name,
    holders: record.holders.map(({ pid, comm }) => `${comm}(${pid})`),
    pins: record.pins.map(({ path }) => path),
  };
}

function attachedOf(record: AnyRecord, { attachments }: Inventory): string[] {
  const isMeant = ({ programId, linkId }: Attachment) =>
    record.kind === 'prog' ? programId === record.id : record.kind === 'link' && linkId === record.id;
  return attachments.filter(isMeant).map(({ hook, target }) => `${hook} ${target}`.trim());
}

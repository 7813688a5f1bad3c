// What the tables of `top` show: columns, rows, order, and lines of a width.
import type { AnyRecord, Inventory, LinkRecord, MapRecord, ProgramRecord } from '../../inventory/index.ts';
import { printable } from '../shared/refs.ts';
import { type Sampler, sparkline } from './samples.ts';

export type View = 'programs' | 'maps' | 'links';

interface Column<R> {
  readonly name: string;
  readonly title: string;
  /** Characters; numbers stand at the right of them. 0: what is left. */
  readonly width: number;
  readonly isNumber?: boolean;
  /** Columns with the highest are left out first where there is no room. */
  readonly rank: number;
  readonly text: (record: R) => string;
  /** What rows are sorted by, largest first; by text where there is none. */
  readonly value?: (record: R) => number;
}

const sparkWidth = 10;

/** Everything a table is made of. */
export interface Scene {
  readonly inventory: Inventory;
  readonly sampler: Sampler;
}

function holdersText({ holders }: AnyRecord): string {
  return holders.map(({ comm, pid }) => `${comm}(${pid})`).join(',');
}

const common = {
  id: {
    name: 'id',
    title: 'ID',
    width: 7,
    isNumber: true,
    rank: 1,
    text: ({ id }: AnyRecord) => String(id),
    value: ({ id }: AnyRecord) => id,
  },
  holders: { name: 'pids', title: 'PIDS', width: 18, rank: 6, text: holdersText },
} as const;

function programColumns({ sampler, inventory }: Scene): Column<ProgramRecord>[] {
  const rate = (id: number) => sampler.rateOf(id);
  const places = new Map<number, string[]>();
  for (const { programId, hook, target } of inventory.attachments) {
    places.set(programId, [...(places.get(programId) ?? []), `${hook} ${target}`.trim()]);
  }
  return [
    common.id,
    { name: 'name', title: 'NAME', width: 0, rank: 0, text: ({ name }) => name },
    { name: 'type', title: 'TYPE', width: 14, rank: 4, text: ({ type }) => type },
    {
      ...{ name: 'cpu', title: 'CPU%', width: 6, isNumber: true, rank: 0 },
      text: ({ id }) => percent(rate(id)?.processor),
      value: ({ id }) => rate(id)?.processor ?? 0,
    },
    {
      ...{ name: 'bpf', title: 'BPF%', width: 6, isNumber: true, rank: 5 },
      text: ({ id }) => percent(rate(id)?.ofAll),
      value: ({ id }) => rate(id)?.ofAll ?? 0,
    },
    {
      ...{ name: 'events', title: 'EVENTS/S', width: 9, isNumber: true, rank: 2 },
      text: ({ id }) => short(rate(id)?.runs),
      value: ({ id }) => rate(id)?.runs ?? 0,
    },
    {
      ...{ name: 'average', title: 'AVG NS', width: 8, isNumber: true, rank: 3 },
      text: ({ id }) => short(rate(id)?.average),
      value: ({ id }) => rate(id)?.average ?? 0,
    },
    {
      ...{ name: 'total', title: 'TOTAL', width: 9, isNumber: true, rank: 7 },
      text: ({ runTimeNs }) => duration(Number(runTimeNs)),
      value: ({ runTimeNs }) => Number(runTimeNs),
    },
    {
      ...{ name: 'missed', title: 'MISSED', width: 7, isNumber: true, rank: 9 },
      text: ({ recursionMisses }) => short(Number(recursionMisses)),
      value: ({ recursionMisses }) => Number(recursionMisses),
    },
    common.holders,
    { name: 'attached', title: 'ATTACHED TO', width: 26, rank: 8, text: ({ id }) => (places.get(id) ?? []).join(', ') },
    {
      ...{ name: 'minute', title: 'LAST', width: sparkWidth, rank: 10 },
      text: ({ id }) => sparkline(sampler.historyOf(id), sparkWidth),
      value: ({ id }) => sampler.historyOf(id).reduce((sum, share) => sum + share, 0),
    },
  ];
}

function mapColumns({ inventory }: Scene): Column<MapRecord>[] {
  const users = new Map<number, number>();
  for (const { mapIds } of inventory.programs) for (const id of mapIds) users.set(id, (users.get(id) ?? 0) + 1);
  const fill = ({ entries, maxEntries }: MapRecord) =>
    entries === undefined ? undefined : entries / Math.max(1, maxEntries);
  return [
    common.id,
    { name: 'name', title: 'NAME', width: 0, rank: 0, text: ({ name }) => name },
    { name: 'type', title: 'TYPE', width: 16, rank: 3, text: ({ type }) => type },
    {
      name: 'memory',
      title: 'MEMORY',
      width: 9,
      isNumber: true,
      rank: 0,
      text: ({ memoryBytes }) => size(memoryBytes),
      value: ({ memoryBytes }) => memoryBytes,
    },
    {
      name: 'entries',
      title: 'ENTRIES',
      width: 9,
      isNumber: true,
      rank: 4,
      text: ({ entries }) => short(entries),
      value: ({ entries }) => entries ?? -1,
    },
    {
      name: 'max',
      title: 'MAX',
      width: 9,
      isNumber: true,
      rank: 5,
      text: ({ maxEntries }) => short(maxEntries),
      value: ({ maxEntries }) => maxEntries,
    },
    {
      name: 'fill',
      title: 'FILL%',
      width: 6,
      isNumber: true,
      rank: 2,
      text: (map) => percent(fill(map)),
      value: (map) => fill(map) ?? -1,
    },
    {
      name: 'programs',
      title: 'PROGS',
      width: 5,
      isNumber: true,
      rank: 6,
      text: ({ id }) => String(users.get(id) ?? 0),
      value: ({ id }) => users.get(id) ?? 0,
    },
    common.holders,
    {
      name: 'pinned',
      title: 'PINNED',
      width: 30,
      rank: 8,
      text: ({ pins }) => pins.map(({ path }) => path).join(', '),
    },
  ];
}

function linkColumns({ inventory }: Scene): Column<LinkRecord>[] {
  const names = new Map(inventory.programs.map(({ id, name }) => [id, name]));
  return [
    common.id,
    { name: 'type', title: 'TYPE', width: 14, rank: 0, text: ({ type }) => type },
    { name: 'hook', title: 'HOOK', width: 20, rank: 4, text: ({ hook }) => hook },
    {
      name: 'target',
      title: 'TARGET',
      width: 0,
      rank: 0,
      text: ({ target, isDetached }) => (isDetached ? '(detached)' : target),
    },
    {
      name: 'program',
      title: 'PROGRAM',
      width: 24,
      rank: 2,
      text: ({ programId }) => (programId === 0 ? '' : `${names.get(programId) ?? ''}(${programId})`),
    },
    common.holders,
    {
      name: 'pinned',
      title: 'PINNED',
      width: 30,
      rank: 8,
      text: ({ pins }) => pins.map(({ path }) => path).join(', '),
    },
  ];
}

/** How rows are chosen and ordered. */
export interface Choice {
  readonly view: View;
  /** A column by name; the usual one of the view where there is none of that name. */
  readonly sort: string;
  readonly isReversed: boolean;
  /** `field=text` or `text`. */
  readonly filters: readonly string[];
}

const usualSort: Readonly<Record<View, string>> = { programs: 'cpu', maps: 'memory', links: 'id' };

export interface Table {
  readonly heading: string;
  readonly rows: readonly { readonly id: number; readonly line: string }[];
  /** The names of all columns, in their order, and the one that is sorted by. */
  readonly columns: readonly string[];
  readonly sorted: string;
}

/** The rows that are chosen, as lines of at most `width` characters. */
export function tableOf(scene: Scene, choice: Choice, width: number): Table {
  const { inventory } = scene;
  switch (choice.view) {
    case 'programs':
      return layOut(programColumns(scene), inventory.programs, choice, width);
    case 'maps':
      return layOut(mapColumns(scene), inventory.maps, choice, width);
    case 'links':
      return layOut(linkColumns(scene), inventory.links, choice, width);
  }
}

/** The records that are chosen, in their order. */
export function chosen(scene: Scene, choice: Choice): readonly AnyRecord[] {
  const { inventory } = scene;
  const { view } = choice;
  if (view === 'programs') return ordered(programColumns(scene), inventory.programs, choice);
  return view === 'maps'
    ? ordered(mapColumns(scene), inventory.maps, choice)
    : ordered(linkColumns(scene), inventory.links, choice);
}

function ordered<R extends AnyRecord>(columns: readonly Column<R>[], records: readonly R[], choice: Choice): R[] {
  const by = sortColumn(columns, choice);
  const direction = choice.isReversed ? -1 : 1;
  const compare = (a: R, b: R): number => {
    if (by.value === undefined) return by.text(a).localeCompare(by.text(b));
    // Ids ascend, all else descends.
    return by.name === 'id' ? a.id - b.id : by.value(b) - by.value(a);
  };
  return records
    .filter((record) => isChosen(record, choice.filters))
    .sort((a, b) => direction * (compare(a, b) || a.id - b.id));
}

function sortColumn<R>(columns: readonly Column<R>[], { sort, view }: Choice): Column<R> {
  return columns.find(({ name }) => name === sort) ?? columns.find(({ name }) => name === usualSort[view])!;
}

function isChosen(record: AnyRecord, filters: readonly string[]): boolean {
  const fields: Readonly<Record<string, readonly string[]>> = {
    type: 'type' in record ? [record.type] : [],
    name: [record.name, ...(record.kind === 'link' ? [record.target] : [])],
    pid: record.holders.map(({ pid }) => String(pid)),
    comm: record.holders.map(({ comm }) => comm),
  };
  return filters.every((filter) => {
    const [, field, text = filter] = /^(type|name|pid|comm)=(.*)$/s.exec(filter) ?? [];
    if (field === 'pid') return fields.pid!.includes(text);
    const values = field === undefined ? Object.values(fields).flat() : fields[field]!;
    return values.some((value) => value.includes(text));
  });
}

function layOut<R extends AnyRecord>(
  columns: readonly Column<R>[],
  records: readonly R[],
  choice: Choice,
  width: number,
): Table {
  const shown = fitting(columns, width);
  const used = shown.reduce((sum, column) => sum + column.width + 1, -1);
  const rest = Math.max(8, width - used);
  const by = sortColumn(columns, choice);
  const cell = (column: Column<R>, text: string) => {
    const size = column.width === 0 ? rest : column.width;
    return column.isNumber ? clip(text, size).padStart(size) : pad(clip(text, size), size);
  };
  const line = (textOf: (column: Column<R>) => string) =>
    shown
      .map((column) => cell(column, textOf(column)))
      .join(' ')
      .trimEnd();
  return {
    heading: clip(
      line(({ title, name }) => (name === by.name ? `${title}${choice.isReversed ? '^' : 'v'}` : title)),
      width,
    ),
    rows: ordered(columns, records, choice).map((record) => ({
      id: record.id,
      // A screen shows some of them.
      get line() {
        return clip(
          line(({ text }) => printable(text(record))),
          width,
        );
      },
    })),
    columns: columns.map(({ name }) => name),
    sorted: by.name,
  };
}

const leastFlexible = 12;

/** Leaves out columns until the others have room. */
function fitting<R>(columns: readonly Column<R>[], width: number): readonly Column<R>[] {
  let shown = columns;
  const room = () => shown.reduce((sum, column) => sum + (column.width === 0 ? leastFlexible : column.width) + 1, -1);
  while (room() > width) {
    const most = Math.max(...shown.map(({ rank }) => rank));
    if (most === 0) break;
    shown = shown.filter(({ rank }) => rank !== most);
  }
  return shown;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function widthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  if (/^[\u0000-\u007f]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    // The blocks of graphs are most of what is not ASCII.
    const isPlain = character < '\u0300' || (character >= '\u2580' && character <= '\u259f');
    width += isPlain ? 1 : wide.test(character) ? 2 : /\p{M}/u.test(character) ? 0 : 1;
  }
  return width;
}

/** Text of at most so many columns; what is cut ends in `~`. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [cut, used] = ['', 0];
  for (const character of text) {
    used += widthOf(character);
    if (used > width - 1) break;
    cut += character;
  }
  return `${cut}~`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

function percent(share: number | undefined): string {
  return share === undefined ? '-' : (share * 100).toFixed(share >= 9.995 ? 0 : 2);
}

/** A number in at most 6 characters. */
export function short(value: number | undefined): string {
  if (value === undefined) return '-';
  if (value < 10 && !Number.isInteger(value)) return value.toFixed(1);
  const units = ['', 'k', 'M', 'G', 'T', 'P'];
  let unit = 0;
  let rest = value;
  for (; rest >= 99_999.5 && unit < units.length - 1; unit++) rest /= 1000;
  return `${Math.round(rest)}${units[unit]}`;
}

/** Bytes in at most five characters, in powers of 1024: `4.0K`. */
export function size(bytes: number): string {
  const units = ['B', 'K', 'M', 'G', 'T'];
  let unit = 0;
  let rest = bytes;
  for (; rest >= 9999.5 && unit < units.length - 1; unit++) rest /= 1024;
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)}${units[unit]}`;
}

/** Nanoseconds with a unit, one digit behind the point: `1.5us`. */
export function duration(ns: number): string {
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${(ns / 1e3).toFixed(1)}us`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(1)}ms`;
  return ns < 1e14 ? `${(ns / 1e9).toFixed(1)}s` : `${Math.round(ns / 1e9)}s`;
}

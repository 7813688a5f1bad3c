// The live table: keys, help and the pane of one object.
import { type AnyRecord, allRecords } from '../../inventory/index.ts';
import { printable } from '../shared/refs.ts';
import { sparkline } from './samples.ts';
import { type Key, Screen } from './screen.ts';
import { type Choice, duration, clip, type Scene, size, type Table, tableOf, type View } from './table.ts';

const views: readonly View[] = ['programs', 'maps', 'links'];
const help = [
  'Keys',
  '',
  '  p m l, Tab     programs, maps, links',
  '  up down, j k   choose a row; PgUp PgDn Home End',
  '  Enter          links, pins, maps and the last minute of the row',
  '  left right     sort by another column',
  '  r              turn the order around',
  '  /              filter: type=, name=, pid=, comm= or any text',
  '  Space          hold the screen',
  '  ?              this help',
  '  q, Esc         back, or quit',
  '',
  'Run time statistics are on while this runs; they cost some 38 ns',
  'for each run of a BPF program, and end with this process.',
];
const bold = (text: string) => `\x1b[1m${text}\x1b[0m`;
const inverse = (text: string) => `\x1b[7m${text}\x1b[0m`;

/**
 * What the screen shows besides the table. `pane`: one object, in the place of the table's rows. `filter`: the
 * last line is typed into.
 */
type Mode = 'table' | 'help' | 'pane' | 'filter';

/** Shows scenes until the person ends it. */
export class LiveTable {
  #choice: Choice;
  #mode: Mode = 'table';
  /** Row of the table, from 0; clamped when it is painted, as rows come and go. */
  #selected = 0;
  /** First row that is shown. */
  #first = 0;
  /** Text of the filter while it is typed. */
  #typed = '';
  /** Measuring goes on, the screen stays as it is. */
  #isHeld = false;
  #scene: Scene | undefined;
  readonly #screen: Screen;
  readonly #end: () => void;

  constructor(choice: Choice, end: () => void) {
    this.#choice = choice;
    this.#end = end;
    this.#screen = new Screen({ onKey: (key) => this.#key(key), onResize: () => this.#paint(), end });
  }

  get view(): View {
    return this.#choice.view;
  }

  show(scene: Scene): void {
    // The first scene is always shown.
    if (this.#isHeld && this.#scene !== undefined) return;
    this.#scene = scene;
    this.#paint();
  }

  close(): void {
    this.#screen.close();
  }

  #table(): Table | undefined {
    return this.#scene && tableOf(this.#scene, this.#choice, this.#screen.size.columns);
  }

  #paint(): void {
    const scene = this.#scene;
    const table = this.#table();
    if (scene === undefined || table === undefined) return;
    const { columns, rows } = this.#screen.size;
    const head = headLines(scene, this.#choice, { isHeld: this.#isHeld }).map((line) => clip(line, columns));
    // Besides the head: the line of columns, and the foot.
    const room = Math.max(1, rows - head.length - 2);
    this.#selected = Math.max(0, Math.min(this.#selected, table.rows.length - 1));
    this.#first = Math.max(0, Math.min(this.#first, this.#selected, Math.max(0, table.rows.length - room)));
    // The selected row pulls the window along.
    if (this.#selected >= this.#first + room) this.#first = this.#selected - room + 1;
    const body = this.#body(scene, table, room);
    const foot =
      this.#mode === 'filter'
        ? `filter: ${this.#typed}_`
        : '? help  q quit  p m l views  Enter details  / filter  <- -> sort';
    const lines = [...head, inverse(pad(table.heading, columns)), ...body];
    while (lines.length < rows - 1) lines.push('');
    this.#screen.paint([...lines.slice(0, rows - 1), clip(foot, columns)]);
  }

  #body(scene: Scene, table: Table, room: number): string[] {
    const { columns } = this.#screen.size;
    if (this.#mode === 'help') return help.map((line) => clip(line, columns));
    if (this.#mode === 'pane')
      return this.#pane(scene, table)
        .map((line) => clip(line, columns))
        .slice(0, room);
    return table.rows
      .slice(this.#first, this.#first + room)
      .map(({ line }, i) => (this.#first + i === this.#selected ? bold(pad(line, columns)) : line));
  }

  #pane(scene: Scene, table: Table): string[] {
    const id = table.rows[this.#selected]?.id;
    const kind = { programs: 'prog', maps: 'map', links: 'link' }[this.#choice.view];
    const record = allRecords(scene.inventory).find((one) => one.kind === kind && one.id === id);
    return record === undefined ? ['it has gone'] : paneLines(scene, record, this.#screen.size.columns).map(printable);
  }

  #key(key: Key): void {
    const name = key.name ?? key.sequence ?? '';
    if (this.#mode === 'filter') this.#typing(key, name);
    else if (name === 'q' || name === 'escape') {
      if (this.#mode === 'table') this.#end();
      this.#mode = 'table';
    } else if (key.sequence === '?' || name === 'h') this.#mode = this.#mode === 'help' ? 'table' : 'help';
    else if (key.sequence === '/') [this.#mode, this.#typed] = ['filter', this.#choice.filters.join(',')];
    else if (name === 'return' || name === 'enter') this.#mode = this.#mode === 'pane' ? 'table' : 'pane';
    else if (name === 'space') this.#isHeld = !this.#isHeld;
    else if (name === 'r') this.#choice = { ...this.#choice, isReversed: !this.#choice.isReversed };
    else if (name === 'left' || name === 'right') this.#sort(name === 'right' ? 1 : -1);
    else if (['p', 'm', 'l', 'tab'].includes(name)) this.#turn(name);
    else this.#move(name);
    this.#paint();
  }

  #typing(key: Key, name: string): void {
    if (name === 'return' || name === 'enter') {
      const filters = this.#typed.split(',').filter((part) => part !== '');
      [this.#choice, this.#mode] = [{ ...this.#choice, filters }, 'table'];
    } else if (name === 'escape') this.#mode = 'table';
    else if (name === 'backspace') this.#typed = this.#typed.slice(0, -1);
    // Printable ASCII only: whatever else a key sends is no text.
    else if (!key.ctrl && key.sequence !== undefined && /^[ -~]$/.test(key.sequence)) this.#typed += key.sequence;
  }

  #turn(name: string): void {
    const next = views[(views.indexOf(this.#choice.view) + 1) % views.length]!;
    // p, m and l begin the names of the views.
    const view = name === 'tab' ? next : views.find((one) => one.startsWith(name))!;
    [this.#choice, this.#mode, this.#selected] = [{ ...this.#choice, view }, 'table', 0];
  }

  #sort(step: number): void {
    const table = this.#table();
    if (table === undefined) return;
    const { columns, sorted } = table;
    const at = (columns.indexOf(sorted) + step + columns.length) % columns.length;
    this.#choice = { ...this.#choice, sort: columns[at]! };
  }

  #move(name: string): void {
    const page = Math.max(1, this.#screen.size.rows - 5);
    const steps: Readonly<Record<string, number>> = {
      ...{ up: -1, k: -1, down: 1, j: 1, pageup: -page, pagedown: page, home: -1e9, end: 1e9 },
    };
    this.#selected += steps[name] ?? 0;
  }
}

function pad(text: string, width: number): string {
  return text.padEnd(width);
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** Totals, and that statistics are on. */
export function headLines({ inventory, sampler }: Scene, { view, filters }: Choice, { isHeld = false } = {}): string[] {
  const { programs, maps, links, host } = inventory;
  // Shares of one processor; with many processors the sum may be above 1.
  const share = programs.reduce((sum, { id }) => sum + (sampler.rateOf(id)?.processor ?? 0), 0);
  const runs = programs.reduce((sum, { id }) => sum + (sampler.rateOf(id)?.runs ?? 0), 0);
  // Each map counts once, however many programs share it.
  const memory = maps.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const rates = sampler.hasRates
    ? `${(share * 100).toFixed(2)}% of a processor, ${Math.round(runs)} events/s`
    : 'measuring';
  const cost = sampler.hasRates ? `, cost ${duration(Math.round(runs * 38))}/s` : '';
  const chosen = filters.length === 0 ? '' : `  filter ${printable(filters.join(','))}`;
  return [
    `${view} on ${printable(host)}: ${counted(programs.length, 'program')}, ${counted(maps.length, 'map')} (${size(memory)}), ${counted(links.length, 'link')}${isHeld ? '  HELD' : ''}${chosen}`,
    `run time statistics are on (38 ns a run${cost}); ${rates}`,
  ];
}

function paneLines({ inventory, sampler }: Scene, record: AnyRecord, columns: number): string[] {
  const lines = [`${record.kind} ${record.id}  ${record.name}`, ''];
  const list = (title: string, items: readonly string[]) => {
    if (items.length > 0) lines.push(title, ...items.map((item) => `  ${item}`));
  };
  if (record.kind === 'prog') {
    const { tag, type, translatedBytes, machineBytes, verifiedInstructions, loadedAt, uid } = record;
    lines.push(`${type}, tag ${tag}, loaded ${new Date(loadedAt * 1000).toISOString().slice(0, 19)}Z by uid ${uid}`);
    lines.push(
      `${translatedBytes} B translated, ${machineBytes} B machine code, ${verifiedInstructions} instructions verified`,
    );
    const history = sampler.historyOf(record.id);
    const most = Math.max(0, ...history);
    lines.push(`last minute  ${sparkline(history, Math.min(60, columns - 30))}  up to ${(most * 100).toFixed(2)}%`);
    const places = inventory.attachments.filter(({ programId }) => programId === record.id);
    list(
      'attached',
      places.map(
        ({ via, hook, target, linkId }) => `${hook} ${target}${linkId === 0 ? ` (${via})` : ` (link ${linkId})`}`,
      ),
    );
    const maps = inventory.maps.filter(({ id }) => record.mapIds.includes(id));
    list(
      'maps',
      maps.map(({ id, name, type: mapType, memoryBytes }) => `${id} ${name} ${mapType} ${size(memoryBytes)}`),
    );
  }
  if (record.kind === 'map') {
    const { type, keyBytes, valueBytes, maxEntries, memoryBytes, entries } = record;
    lines.push(
      `${type}, key ${keyBytes} B, value ${valueBytes} B, ${entries ?? '?'} of ${maxEntries} entries, ${size(memoryBytes)}`,
    );
    const users = inventory.programs.filter(({ mapIds }) => mapIds.includes(record.id));
    list(
      'programs',
      users.map(({ id, name, type: programType }) => `${id} ${name} ${programType}`),
    );
    list(
      'elements',
      record.contents.map(({ key, kind, id }) => `${key}: ${kind} ${id}`),
    );
  }
  if (record.kind === 'link') lines.push(`${record.type} ${record.hook} ${record.target}, program ${record.programId}`);
  list(
    'pins',
    record.pins.map(({ path }) => path),
  );
  list(
    'processes',
    record.holders.map(({ pid, comm, fds }) => `${pid} ${comm}, descriptors ${fds.join(', ')}`),
  );
  return lines;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, fail, type Given, type OwnHandler, RunEnd, type Words } from '../../cli/index.ts';
import {
  type AnyRecord,
  type Inventory,
  type InventoryPart,
  InventoryReader,
  plainJson,
} from '../../inventory/index.ts';
import { requireRights } from '../shared/inventory.ts';
import { kernelOf } from '../shared/kernel.ts';
import { untilSignal } from '../shared/signals.ts';
import { runStatistics } from '../shared/statistics.ts';
import { Sampler } from './samples.ts';
import { type Choice, chosen, type Scene, tableOf, type View } from './table.ts';

/** Measurements after which what costs more is looked at again: who has what open, and where it is attached. */
const slowEvery = 5;
const slowParts: readonly InventoryPart[] = ['memory', 'holders', 'pins', 'attachments'];
/** Tables that go to files: wide enough for most rows. */
const plainColumns = 200;

/** `top [programs | maps | links]`: what programs cost and maps take, live or as tables. */
export const top: OwnHandler = async (ctx, words, given) => {
  const choice = readChoice(words, given);
  const [once, count] = [given.has('once'), given.number('count')];
  const seconds = Math.max(0.05, given.number('interval')!);
  using statistics = runStatistics(ctx);
  void statistics;
  const source = new Source(ctx);
  // Keys need a terminal on both sides.
  const isLive = ctx.json === undefined && !once && count === undefined && process.stdout.isTTY && process.stdin.isTTY;
  if (isLive) await live(source, choice, seconds);
  else await printed(ctx, source, { choice, seconds, count: once ? 1 : count, isRated: once });
  throw new RunEnd();
};

function readChoice(words: Words, given: Given): Choice {
  const views = ['programs', 'maps', 'links'] as const;
  const view: View = words.left > 0 ? (views.find((name) => words.take(name)) ?? words.unexpected()) : 'programs';
  if (words.left > 0) words.unexpected();
  const sort = given.text('sort') ?? '';
  const isReversed = sort.startsWith('-');
  const choice = { view, sort: isReversed ? sort.slice(1) : sort, isReversed, filters: given.list('filter') };
  // A table of nothing has all columns: the word is checked before anything is measured.
  const inventory = { programs: [], maps: [], links: [], attachments: [] } as unknown as Inventory;
  const { columns } = tableOf({ inventory, sampler: new Sampler() }, choice, plainColumns);
  if (choice.sort !== '' && !columns.includes(choice.sort)) {
    fail(`'${choice.sort}' is no column of ${view}: they are ${columns.join(', ')}`);
  }
  return choice;
}

/** Inventories one after the other: cheap ones, with what changes less often from the last full one. */
class Source {
  readonly sampler = new Sampler();
  readonly #reader: InventoryReader;
  #full: Inventory | undefined;
  #turn = 0;

  constructor(ctx: Context) {
    this.#reader = new InventoryReader(kernelOf(ctx));
  }

  next(view: View): Scene {
    const isFull = this.#turn++ % slowEvery === 0 || this.#full === undefined;
    // Counting elements takes an iterator program, so it is done where they are shown.
    const extra: readonly InventoryPart[] = view === 'maps' ? ['memory', 'entries'] : [];
    const inventory = this.#reader.take(isFull ? [...slowParts, ...extra] : extra);
    if (this.#full === undefined) requireRights(inventory.missing);
    if (isFull) this.#full = inventory;
    this.sampler.add(inventory);
    return { inventory: isFull ? inventory : complete(inventory, this.#full!), sampler: this.sampler };
  }
}

type Writable<R> = { -readonly [Name in keyof R]: R[Name] };

/** Adds to an inventory's records what the last full one knew of the same objects. */
function complete(inventory: Inventory, full: Inventory): Inventory {
  const addRest = <R extends AnyRecord>(
    now: readonly R[],
    before: readonly R[],
    more?: (record: Writable<R>, old: R) => void,
  ) => {
    const known = new Map(before.map((record) => [record.id, record]));
    for (const record of now as readonly Writable<R>[]) {
      const old = known.get(record.id);
      if (old === undefined) continue;
      [record.holders, record.pins] = [old.holders, old.pins];
      more?.(record, old);
    }
  };
  addRest(inventory.programs, full.programs);
  addRest(inventory.maps, full.maps, (map, old) => {
    map.memoryBytes ||= old.memoryBytes;
  });
  // Only a full one asks for names of groups and functions.
  addRest(inventory.links, full.links, (link, old) => {
    if (!link.isDetached) link.target = old.target;
  });
  return { ...inventory, attachments: full.attachments };
}

async function live(source: Source, choice: Choice, seconds: number): Promise<void> {
  const { LiveTable } = await import('./live.ts');
  const ended = new AbortController();
  const table = new LiveTable(choice, () => ended.abort());
  try {
    while (!ended.signal.aborted) {
      table.show(source.next(table.view));
      await sleep(seconds * 1000, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  } finally {
    table.close();
  }
}

interface Printing {
  readonly choice: Choice;
  readonly seconds: number;
  /** Without end where there is none. */
  readonly count: number | undefined;
  /** The first table has rates already. */
  readonly isRated: boolean;
}

async function printed(ctx: Context, source: Source, { choice, seconds, count, isRated }: Printing): Promise<void> {
  const ended = new AbortController();
  const signal = untilSignal(ended.signal).then(() => ended.abort());
  const { headLines } = await import('./live.ts');
  const wait = () => sleep(seconds * 1000, undefined, { signal: ended.signal }).catch(() => undefined);
  // Rates need two measurements.
  if (isRated) {
    source.next(choice.view);
    await wait();
  }
  const width = process.stdout.isTTY ? process.stdout.columns || plainColumns : plainColumns;
  for (let i = 0; !ended.signal.aborted && (count === undefined || i < count); i++) {
    // Nothing follows the last table.
    if (i > 0) await wait();
    if (ended.signal.aborted) break;
    const scene = source.next(choice.view);
    if (ctx.json !== undefined) ctx.stdout.text(`${jsonLine(scene, choice)}\n`);
    else {
      const { heading, rows } = tableOf(scene, choice, width);
      ctx.print(
        `${i > 0 ? '\n' : ''}${[...headLines(scene, choice), heading, ...rows.map(({ line }) => line)].join('\n')}\n`,
      );
    }
    ctx.stdout.flush();
  }
  ended.abort();
  await signal;
}

function jsonLine(scene: Scene, choice: Choice): string {
  const { sampler, inventory } = scene;
  const records = chosen(scene, choice).map((record) => {
    const { holders, pins, ...rest } = record;
    const pids = holders.map(({ pid, comm }) => ({ pid, comm }));
    const pinned = pins.map(({ path }) => path);
    if (record.kind !== 'prog') return { ...rest, pids, pinned };
    const rate = sampler.rateOf(record.id);
    const attached = inventory.attachments
      .filter(({ programId }) => programId === record.id)
      .map(({ hook, target }) => `${hook} ${target}`.trim());
    const rates = rate && {
      cpuShare: rate.processor,
      bpfShare: rate.ofAll,
      eventsPerSecond: rate.runs,
      averageNs: rate.average,
    };
    return { ...rest, pids, pinned, attached, ...rates };
  });
  return plainJson({ time: inventory.takenAt, uptimeNs: inventory.uptimeNs, statistics: true, [choice.view]: records });
}

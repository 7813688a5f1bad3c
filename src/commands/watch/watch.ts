import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { matchesGlob } from '../../bytes/index.ts';
import { type Context, fail, type OwnHandler, RunEnd } from '../../cli/index.ts';
import { SyscallError } from '../../errors/index.ts';
import { allRecords, identityOf, type Inventory, InventoryReader, plainJson } from '../../inventory/index.ts';
import { BpfProgram, type ProgramEvent, ProgramEvents } from '../../kernel/index.ts';
import { progTypeName } from '../../uapi/index.ts';
import { requireRights } from '../shared/inventory.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';
import { untilSignal } from '../shared/signals.ts';

/** A reported change: an object or attachment that came, went, or is not on the list though it was there from the beginning. */
interface Change {
  readonly event: 'there' | 'load' | 'unload' | 'add' | 'remove' | 'lost';
  readonly kind: 'prog' | 'map' | 'link' | 'attachment' | 'lost';
  /** Seconds since 1970. */
  readonly time: number;
  readonly id: number;
  /** As the list has it. */
  readonly identity: string;
  readonly count?: number;
}

/** `watch`: programs, maps, links and attachments as they come and go, until a signal or for some seconds. */
export const watch: OwnHandler = async (ctx, words, given) => {
  if (words.left > 0) words.unexpected();
  const allowed = readList(given.text('allow'));
  const watcher = new Watcher(ctx, allowed);
  // Opened before the first look, so that nothing is missed in between.
  using events = openEvents(ctx);
  watcher.begin();
  const ended = new AbortController();
  const seconds = given.number('duration');
  const interval = Math.max(0.05, given.number('interval')!) * 1000;
  const over = [untilSignal(ended.signal).then(() => ended.abort())];
  const timer = seconds === undefined ? undefined : setTimeout(() => ended.abort(), seconds * 1000);
  const looks = look(watcher, interval, ended.signal);
  while (!ended.signal.aborted) {
    for (const event of events.take()) watcher.program(event);
    ctx.stdout.flush();
    await events.ready(ended.signal);
  }
  clearTimeout(timer);
  await Promise.all([...over, looks]);
  // What came while the last look was taken.
  for (const event of events.take()) watcher.program(event);
  watcher.look();
  // Each line is a document of its own: nothing follows the last.
  throw new RunEnd(watcher.isForbidden ? 1 : 0);
};

async function look(watcher: Watcher, interval: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(interval, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) watcher.look();
  }
}

function openEvents(ctx: Context): ProgramEvents {
  // The kernel reports programs as PERF_RECORD_BPF_EVENT; maps and links only show by looking again.
  try {
    return new ProgramEvents(kernelOf(ctx));
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    fail(`can't be told of programs: ${error.message}; it takes CAP_PERFMON and Linux 5.1`);
  }
}

/** The patterns of a list; undefined where everything is reported. */
function readList(file: string | undefined): readonly string[] | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    fail(`can't read ${file}: ${(error as Error).message}`);
  }
  return text
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

class Watcher {
  /** Something was reported that is not on the list. */
  isForbidden = false;
  readonly #ctx: Context;
  readonly #allowed: readonly string[] | undefined;
  readonly #reader: InventoryReader;
  /** What is there, by a key for each. */
  #known = new Map<string, Change>();
  readonly #programs = new Map<number, string>();

  constructor(ctx: Context, allowed: readonly string[] | undefined) {
    this.#ctx = ctx;
    this.#allowed = allowed;
    this.#reader = new InventoryReader(kernelOf(ctx));
  }

  /** Looks at what is there already; with a list, tells what is not on it. */
  begin(): void {
    const inventory = this.#take();
    requireRights(inventory.missing);
    for (const program of inventory.programs) this.#programs.set(program.id, identityOf(program));
    this.#known = this.#table(inventory);
    if (this.#allowed === undefined) return;
    for (const program of inventory.programs)
      this.#report({ event: 'there', kind: 'prog', id: program.id, identity: identityOf(program) });
    for (const change of this.#known.values()) this.#report({ ...change, event: 'there' });
  }

  /** Tells of maps, links and attachments that came or went since the last look. */
  look(): void {
    const table = this.#table(this.#take());
    for (const [key, change] of this.#known) if (!table.has(key)) this.#report({ ...change, event: 'remove' });
    for (const [key, change] of table) if (!this.#known.has(key)) this.#report(change);
    this.#known = table;
    this.#ctx.stdout.flush();
  }

  program(event: ProgramEvent): void {
    if (event.kind === 'lost') {
      this.#report({ event: 'lost', kind: 'lost', id: 0, identity: '', count: event.count });
      return;
    }
    const { kind, id } = event;
    const identity = this.#programs.get(id) ?? this.#identity(event);
    if (kind === 'load') this.#programs.set(id, identity);
    else this.#programs.delete(id);
    this.#report({ event: kind, kind: 'prog', id, identity });
  }

  #take(): Inventory {
    return this.#reader.take(['contents', 'attachments']);
  }

  #table({ maps, links, attachments, ...rest }: Inventory): Map<string, Change> {
    const table = new Map<string, Change>();
    const time = Date.now() / 1000;
    for (const record of allRecords({ ...rest, maps, links, attachments, programs: [], btfs: [] })) {
      const { kind, id } = record;
      if (kind === 'map' || kind === 'link')
        table.set(`${kind} ${id}`, { event: 'add', kind, time, id, identity: identityOf(record) });
    }
    for (const { via, hook, target, programId, linkId } of attachments) {
      // A link is reported as one.
      if (linkId !== 0) continue;
      const identity = `attachment ${via} ${hook} ${target}`;
      table.set(`${identity} ${programId}`, { event: 'add', kind: 'attachment', time, id: programId, identity });
    }
    return table;
  }

  /** Of a program that is there for long enough to be asked its type is known, too. */
  #identity({ id, tag, name }: { id: number; tag: string; name: string }): string {
    try {
      using program = BpfProgram.openById(kernelOf(this.#ctx), id);
      const info = program.info();
      return `prog ${progTypeName(info.type) ?? info.type} ${program.fullName(info)} ${tag}`;
    } catch (error) {
      if (error instanceof SyscallError) return `prog ? ${name} ${tag}`;
      throw error;
    }
  }

  #report(change: Omit<Change, 'time'>): void {
    const ctx = this.#ctx;
    if (this.#allowed !== undefined && change.kind !== 'lost') {
      if (change.event === 'unload' || change.event === 'remove') return;
      if (this.#allowed.some((pattern) => matchesGlob(change.identity, pattern))) return;
      this.isForbidden = true;
    }
    const time = Date.now() / 1000;
    if (ctx.json === undefined) {
      const clock = new Date(time * 1000).toISOString().slice(11, 23);
      const what =
        change.kind === 'lost'
          ? `${change.count} events of the kernel`
          : `${change.identity}${change.id === 0 ? '' : `  id ${change.id}`}`;
      ctx.print(`${clock}  ${change.event.padEnd(6)}  ${printable(what)}\n`);
    } else {
      const { event, kind, id, identity, count } = change;
      ctx.stdout.text(`${plainJson({ time, event, kind, id, identity, count })}\n`);
    }
  }
}

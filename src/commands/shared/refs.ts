import type { Context } from '../../cli/index.ts';
import { type Holder, holders, type ObjectKind, visitPinned } from '../../kernel/index.ts';
import { IdTable } from './id-table.ts';
import { kernelOf } from './kernel.ts';

export type Holders = Pick<ReadonlyMap<number, readonly Holder[]>, 'get'>;
export type PinnedPaths = Pick<ReadonlyMap<number, readonly string[]>, 'size' | 'get'>;

/** Processes that hold objects of a kind, by object id; they are looked for when the first object is asked about. */
export function holderTable(ctx: Context, kind: ObjectKind): Holders {
  let table: Holders | undefined;
  return {
    get(id) {
      table ??= holders(kernelOf(ctx), kind);
      return table.get(id);
    },
  };
}

/** Paths where objects of a kind are pinned, by object id, in the reference's order. */
export function pinnedTable(ctx: Context, kind: 'prog' | 'map' | 'link'): PinnedPaths {
  const table = new IdTable<string>();
  visitPinned(kernelOf(ctx), kind, (id, path) => table.append(id, path));
  return table;
}

/** The `pids` part of an object: nothing where no process holds it. `prefix` stands before the plain list. */
export function printHolders(ctx: Context, table: Holders, id: number, prefix = '\n\tpids '): void {
  const list = table.get(id);
  if (list === undefined || list.length === 0) return;
  if (ctx.json === undefined) {
    ctx.print(`${prefix}${list.map(({ comm, pid }) => `${printable(comm)}(${pid})`).join(', ')}`);
    return;
  }
  ctx.json.name('pids').startArray();
  for (const { pid, comm } of list) ctx.json.startObject().field('pid', pid).field('comm', comm).endObject();
  ctx.json.endArray();
}

/** The pinned paths of an object. JSON lists them (even none) whenever any object is pinned at all. */
export function printPinned(ctx: Context, table: PinnedPaths | undefined, id: number): void {
  if (table === undefined || table.size === 0) return;
  const paths = table.get(id) ?? [];
  if (ctx.json === undefined) {
    for (const path of paths) ctx.print(`\n\tpinned ${path}`);
    return;
  }
  ctx.json.name('pinned').startArray();
  for (const path of paths) ctx.json.string(path);
  ctx.json.endArray();
}

/** A name from the kernel without the control bytes that could steer a terminal. */
export function printable(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

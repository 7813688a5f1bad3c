import { fail, type OwnHandler } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { allParts, type AnyRecord, allRecords, type Inventory, plainJson, titleOf } from '../../inventory/index.ts';
import { inventoryOf } from '../shared/inventory.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';

/** A pin, or a link without one, that nobody needs. */
interface Leftover {
  readonly kind: AnyRecord['kind'];
  readonly id: number;
  readonly name: string;
  readonly path: string;
  /** Of another mount namespace; 0 where this process sees it. */
  readonly pid: number;
  readonly reason: string;
}

/** `gc [--dry-run] [--all | FILE...]`: what is kept by a pin alone, and nobody uses. */
export const gc: OwnHandler = (ctx, words, given) => {
  const chosen: string[] = [];
  while (words.left > 0) chosen.push(words.next());
  // What is used is asked for in full; how full maps are is not.
  const parts = allParts.filter((part) => part !== 'entries');
  const found = leftovers(inventoryOf(ctx, given, parts).inventory);
  const unknown = chosen.find((path) => !found.some((item) => item.path === path && item.pid === 0));
  if (unknown !== undefined) fail(`${unknown} is no pin that nobody uses; 'gc --dry-run' lists those`);
  const isRemoved = ({ path, pid }: Leftover) =>
    !given.has('dry-run') && pid === 0 && path !== '' && (given.has('all') || chosen.includes(path));
  const done = found.map((item) => ({ ...item, removed: isRemoved(item) && remove(item) }));
  if (ctx.json === undefined) ctx.print(done.map(line).join(''));
  else ctx.json.raw(plainJson(done));
  if (ctx.json === undefined && !given.has('dry-run') && !given.has('all') && chosen.length === 0 && done.length > 0) {
    ctx.info('Nothing was removed: name what is to go, or give --all.');
  }

  function remove({ path }: Leftover): boolean {
    const result = kernelOf(ctx).unlink(path);
    if (result < 0) fail(`can't remove ${path}: ${strerror(-result)}`);
    return true;
  }
};

function line({ kind, id, name, path, pid, reason, removed }: Leftover & { removed: boolean }): string {
  const where = path === '' ? '' : `  ${path}${pid === 0 ? '' : ` (mount namespace of process ${pid})`}`;
  return `${printable(`${titleOf({ kind, id, name })}${where}  ${reason}${removed ? ', removed' : ''}`)}\n`;
}

function leftovers(inventory: Inventory): Leftover[] {
  return allRecords(inventory).flatMap((record) => {
    const reason = reasonOf(inventory, record);
    if (reason === undefined) return [];
    const { kind, id, name } = record;
    const pins = record.pins.map(({ path, pid }): Leftover => ({ kind, id, name, path, pid, reason }));
    // A detached link without a pin is somebody's descriptor: it can be named, not removed.
    return pins.length === 0 && kind === 'link' ? [{ kind, id, name, path: '', pid: 0, reason }] : pins;
  });
}

/** Why nobody needs an object; undefined where somebody may. */
function reasonOf(inventory: Inventory, record: AnyRecord): string | undefined {
  const { kind, id, holders } = record;
  if (kind === 'link') return record.isDetached ? 'what it was attached to is gone' : undefined;
  // BTF goes with what uses it.
  if (holders.length > 0 || kind === 'btf') return undefined;
  const isElement = inventory.maps.some(({ contents }) =>
    contents.some((item) => item.kind === kind && item.id === id),
  );
  if (isElement) return undefined;
  if (kind === 'map') {
    const isUsed =
      inventory.programs.some(({ mapIds }) => mapIds.includes(id)) || inventory.links.some(({ mapId }) => mapId === id);
    // A map of programs is given to others through its pin.
    return isUsed || (record.type === 'struct_ops' && record.contents.length > 0)
      ? undefined
      : 'no program and no process uses it';
  }
  const isAttached = inventory.attachments.some(({ programId }) => programId === id);
  const isTarget = inventory.links.some(({ programId, targetProgramId }) => programId === id || targetProgramId === id);
  return isAttached || isTarget ? undefined : 'it is attached nowhere, and no process has it open';
}

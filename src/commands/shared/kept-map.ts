import { statSync } from 'node:fs';
import type { Context } from '../../cli/index.ts';
import { BpfMap, type Kernel } from '../../kernel/index.ts';

/** A pinned map that stays open from one command of a batch to the next; closing it is left to who keeps it. */
class KeptMap extends BpfMap {
  override close(): void {}

  end(): void {
    super.close();
  }
}

interface Kept {
  readonly map: KeptMap;
  readonly path: string;
  readonly flags: number;
  readonly place: string;
}

interface Keeper {
  kept: Kept | undefined;
  /** When the pin was last seen to be the map's, in milliseconds; -Infinity where it has to be looked at again. */
  seen: number;
}

const keepers = new WeakMap<Context, Keeper>();
/**
 * For how long a pin is taken to be what it was, in milliseconds. Commands that were read together cannot tell: whoever
 * changes the pin meanwhile could as well have been later by that much.
 */
const sureFor = 1;

/** From now on the last map a command of this context opened by its pin stays open. */
export function keepPinnedMap(ctx: Context): void {
  keepers.set(ctx, { kept: undefined, seen: Number.NEGATIVE_INFINITY });
}

/** Before anything is awaited: the pin may have been changed by the time the next command comes. */
export function doubtPinnedMap(ctx: Context): void {
  const keeper = keepers.get(ctx);
  if (keeper !== undefined) keeper.seen = Number.NEGATIVE_INFINITY;
}

/** Ends what `keepPinnedMap` began. */
export function dropPinnedMap(ctx: Context): void {
  keepers.get(ctx)?.kept?.map.end();
  keepers.delete(ctx);
}

/** The map pinned at `path`: the one kept, if it is still what is pinned there, or the one that `open` opens. */
export function pinnedMap(
  ctx: Context,
  kernel: Kernel,
  pin: { path: string; flags: number; open: () => number },
): BpfMap {
  const keeper = keepers.get(ctx);
  if (keeper === undefined) return new BpfMap(kernel, pin.open(), { isKnown: true });
  const { kept } = keeper;
  const same = kept !== undefined && kept.path === pin.path && kept.flags === pin.flags;
  const now = performance.now();
  if (same && now - keeper.seen < sureFor) return kept.map;
  const place = placeOf(pin.path);
  keeper.seen = now;
  if (same && kept.place === place) return kept.map;
  kept?.map.end();
  keeper.kept = undefined;
  const fd = pin.open();
  if (place === undefined) return new BpfMap(kernel, fd, { isKnown: true });
  const map = new KeptMap(kernel, fd, { isKnown: true });
  keeper.kept = { map, path: pin.path, flags: pin.flags, place };
  return map;
}

/** Device and inode of a file: a pin that was removed and made again has another. */
function placeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

import type { Context } from '../../cli/index.ts';
import { fail } from '../../cli/index.ts';
import { type Inventory, type KeptElements, recordsOf } from '../../inventory/index.ts';
import { BpfMap, TypedMap } from '../../kernel/index.ts';
import { BPF_F_RDONLY } from '../../uapi/index.ts';
import { toHex } from '../../bytes/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** The elements of maps of these names, decoded by their BTF; bytes in hexadecimal without. */
export async function keptElements(
  ctx: Context,
  inventory: Inventory,
  names: readonly string[],
): Promise<KeptElements> {
  const kept: Record<string, unknown[]> = {};
  for (const name of names) {
    const found = recordsOf(inventory, { kind: 'map', by: 'name', text: name });
    if (found.length === 0) fail(`no map has name ${name}`);
    const items: unknown[] = [];
    for (const { id } of found) {
      using map = new TypedMap(BpfMap.openById(kernelOf(ctx), id, BPF_F_RDONLY));
      for await (const [key, value] of map.entries()) items.push({ key: plainValue(key), value: plainValue(value) });
    }
    kept[name] = items;
  }
  return kept;
}

/** Bytes inside of a value become text, as JSON has none. */
function plainValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plainValue(item)]));
}

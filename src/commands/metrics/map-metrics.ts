import { toHex } from '../../bytes/index.ts';
import { type Context, fail } from '../../cli/index.ts';
import { type Inventory, recordsOf } from '../../inventory/index.ts';
import { BpfMap, TypedMap } from '../../kernel/index.ts';
import { BPF_F_RDONLY } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { type Family, labelName, type Sample } from './families.ts';

type Labels = Record<string, string | number>;

/** The values of maps, by their BTF: a series for each number in an element; what is text there is a label of them. */
export async function mapMetrics(
  ctx: Context,
  inventory: Inventory,
  names: readonly string[],
  limit: number,
): Promise<Family[]> {
  const gauges: Sample[] = [];
  const counters: Sample[] = [];
  for (const name of names) {
    const found = recordsOf(inventory, { kind: 'map', by: 'name', text: name });
    if (found.length === 0) fail(`no map has name ${name}`);
    for (const { id } of found) {
      using map = new TypedMap(BpfMap.openById(kernelOf(ctx), id, BPF_F_RDONLY));
      for await (const [key, value] of map.entries()) {
        // The limit is of series, and is looked at before each element.
        if (gauges.length + counters.length >= limit) break;
        const labels: Labels = { map: name, map_id: id };
        const numbers: [string, number | bigint][] = [];
        // A key is labels only; text and bytes in a value are, too.
        collect(key, 'key', { labels, numbers: undefined });
        collect(value, '', { labels, numbers });
        for (const [field, number] of numbers) {
          // BTF does not say what only grows: a name that ends in `_total`, as is the custom, does.
          const list = /_total$/.test(field) ? counters : gauges;
          list.push({ labels: field === '' ? labels : { ...labels, field }, value: number });
        }
      }
    }
  }
  const help = 'Numbers in the elements of maps.';
  return [
    { name: 'bpf_map_value', type: 'gauge', help, samples: gauges },
    { name: 'bpf_map_counter', type: 'counter', help: `${help} Of members that end in _total.`, samples: counters },
  ];
}

/** Takes a value apart. Without `numbers` they are labels, as all of a key is. */
function collect(
  value: unknown,
  path: string,
  to: { labels: Labels; numbers: [string, number | bigint][] | undefined },
): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (to.numbers === undefined) to.labels[labelName(path)] = String(value);
    else to.numbers.push([path, value]);
  } else if (typeof value === 'boolean' && to.numbers !== undefined) to.numbers.push([path, Number(value)]);
  else if (typeof value === 'string' || typeof value === 'boolean') {
    to.labels[path === '' ? 'value' : labelName(path)] = String(value);
  } else if (value instanceof Uint8Array) to.labels[path === '' ? 'value' : labelName(path)] = toHex(value);
  else if (Array.isArray(value))
    for (const [i, item] of value.entries()) collect(item, path === '' ? String(i) : `${path}.${i}`, to);
  else if (value !== null && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) collect(item, path === '' ? name : `${path}.${name}`, to);
  }
}

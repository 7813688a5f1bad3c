// A map's elements as lines of JSON, for jq and others: node examples/export.ts NAME|PATH
import { maps, UsageError } from 'tsbpftool';

const [name = ''] = process.argv.slice(2);
const found = name.startsWith('/') ? [maps.pinned(name)] : maps.byName(name);
const [map, ...others] = found;
for (const other of others) other.close();
if (map === undefined) throw new UsageError(`there is no map '${name}': see tsbpftool map show`);
if (others.length > 0) throw new UsageError(`${found.length} maps are named '${name}': give the path of a pin`);

// JSON has no integers of 64 bits: those become decimal strings. Maps without types give bytes, which become hexadecimal.
const plain = (_: string, value: unknown) => {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
};
using open = map;
for await (const [key, value] of open) console.log(JSON.stringify({ key, value }, plain));

import { setFlagsFromString } from 'node:v8';
import { type Context, fail, type Handler, usage } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { type BpfMap, elementValueSize, type MapInfo, tryReadBatches } from '../../kernel/index.ts';
import { JsonWriter } from '../../output/index.ts';
import { mapTypeName, mapType, bpf_map_type } from '../../uapi/index.ts';
import { hexJson, hexText } from '../shared/hex.ts';
import { noMatch, selectMaps } from '../shared/select-map.ts';
import { decodedWriter, type EntryWriter, jsonWriter, plainWriter } from './entry.ts';
import { printMapHeader } from './header.ts';
import { elementTypes } from './map-btf.ts';
import { isViewed } from './view-options.ts';

/** `map dump MAP`: do_dump() and map_dump() of bpftool's src/map.c. */
export const dump: Handler = async (ctx, words) => {
  if (isViewed(ctx)) return (await import('./view.ts')).dumpView(ctx, words);
  if (words.left !== 2) usage();
  const maps = selectMaps(ctx, words, { readOnly: true });
  if (maps.length === 0) noMatch(ctx);
  try {
    // Plain output is JSON, indented, where every map that matched has BTF: maps_have_btf() of the reference.
    const decoded = ctx.json === undefined && maps.every((map) => map.info().btfId !== 0);
    const json = decoded ? new JsonWriter(ctx.stdout, { pretty: true }) : ctx.json;
    const several = maps.length > 1;
    if (several) json?.startArray();
    let status = 0;
    try {
      for (const [index, map] of maps.entries()) {
        status = await dumpMap(ctx, map, { json, withHeader: several });
        if (json === undefined && index < maps.length - 1) ctx.print('\n');
        if (status !== 0) break;
      }
    } finally {
      // Reading may break off in the middle of an element's list.
      if (decoded) json?.closeTo(0);
    }
    if (several && !decoded) json?.endArray();
    if (decoded) ctx.print('\n');
    return status;
  } finally {
    for (const map of maps) map.close();
  }
};

/**
 * The kernel takes longer to walk a trie than we to print it, and V8's compilers take the processors it walks on: printers of
 * numbers are compiled once, not into every printer that calls them.
 */
function compileLess(): void {
  setFlagsFromString('--max-inlined-bytecode-size=80');
}

async function dumpMap(ctx: Context, map: BpfMap, form: DumpForm): Promise<number> {
  if (mapType(map.info().type)?.isTrie) compileLess();
  const batches = tryReadBatches(map);
  // What comes next is read while types are.
  const first = batches.next();
  first.catch(() => undefined);
  try {
    return await writeMap(ctx, map, { ...form, batches, first });
  } finally {
    await batches.return(0);
  }
}

interface DumpForm {
  readonly json: JsonWriter | undefined;
  readonly withHeader: boolean;
}

interface Dumping extends DumpForm {
  readonly batches: Batches;
  /** What `batches` gives first. */
  readonly first: ReturnType<Batches['next']>;
}

type Batches = ReturnType<typeof tryReadBatches>;

async function writeMap(ctx: Context, map: BpfMap, dumping: Dumping): Promise<number> {
  const { json, withHeader } = dumping;
  const info = map.info();
  const types = json && elementTypes(ctx, info);
  if (json === undefined) {
    if (withHeader) printMapHeader(ctx, undefined, info);
  } else {
    if (withHeader) {
      json.startObject();
      printMapHeader(ctx, json, info);
      json.name('elements');
    }
    json.startArray();
  }
  // The kernel refuses those lookups with ENOSPC, since its values are 64-bit socket cookies.
  if (info.type === bpf_map_type.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY && info.valueSize !== 8) {
    ctx.info(`Warning: cannot read values from ${mapTypeName(info.type)} map with value_size != 8`);
  }
  let write: EntryWriter;
  if (ctx.json !== undefined) write = jsonWriter(ctx, ctx.json, info, types);
  else if (types !== undefined) write = decodedWriter(ctx, info, types, json!.depth);
  else write = plainWriter(ctx, info);

  const { status, count, wrote } = await writeElements(ctx, map, write, dumping);
  if (json === undefined) ctx.print(`Found ${count} element${count === 1 ? '' : 's'}\n`);
  else {
    // Elements went past the writer, straight into the sink.
    json.needsComma = wrote;
    json.endArray();
    if (withHeader) json.endObject();
  }
  return status;
}

/** `count`: how many elements were read. `wrote`: whether anything was, an element whose value cannot be read included. */
interface Written {
  status: number;
  count: number;
  wrote: boolean;
}

/** All elements, in batches where the map has them, else one by one. */
async function writeElements(
  ctx: Context,
  map: BpfMap,
  write: EntryWriter,
  { batches, first }: Dumping,
): Promise<Written> {
  let count = 0;
  for (let next = first; ; next = batches.next()) {
    const { done, value } = await next;
    if (done) {
      if (value === 0) return { status: 0, count, wrote: count > 0 };
      // Batches came with Linux 5.6, and not for all types.
      if (count === 0) return writeOneByOne(ctx, map, write);
      fail(`reading elements failed: ${strerror(-value)}`, { status: value });
    }
    const { keys, values, keySize, valueSize } = value;
    for (let i = 0; i < value.count; i++) write(keys, i * keySize, values, i * valueSize, count + i);
    count += value.count;
  }
}

function writeOneByOne(ctx: Context, map: BpfMap, write: EntryWriter): Written {
  const info = map.info();
  const value = new Uint8Array(elementValueSize(map.kernel, info));
  let previous: Uint8Array | undefined;
  let key = new Uint8Array(info.keySize);
  let spare = new Uint8Array(info.keySize);
  let count = 0;
  let written = 0;
  for (;;) {
    const next = map.tryNextKey(previous, key);
    if (next < 0) return { status: next === -Errno.ENOENT ? 0 : next, count, wrote: written > 0 };
    // It may be gone since its key was read.
    const found = map.tryLookup(key, value);
    if (found === 0) {
      write(key, 0, value, 0, written++);
      count++;
    } else if (writeLookupError(ctx, info, key, { errno: -found, written })) {
      written++;
    }
    // The next call reads the key before: two buffers take turns.
    previous = key;
    [key, spare] = [spare, key];
  }
}

/** An element whose value cannot be read. False where the map type means "no entry" by it and nothing is shown. */
function writeLookupError(
  ctx: Context,
  info: MapInfo,
  key: Uint8Array,
  { errno, written }: { errno: number; written: number },
): boolean {
  // An empty slot of an array of maps or programs is no element.
  const empty = mapType(info.type)?.holds !== undefined;
  if (empty && errno === Errno.ENOENT) return false;
  if (ctx.json !== undefined) {
    ctx.json.needsComma = written > 0;
    ctx.json.startObject();
    hexJson(ctx.json.name('key'), key);
    ctx.json.name('value').startObject().field('error', strerror(errno)).endObject().endObject();
    return true;
  }
  let message = strerror(errno);
  if (errno === Errno.ENOENT) message = '<no entry>';
  else if (errno === Errno.ENOSPC && info.type === bpf_map_type.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY)
    message = '<cannot read>';
  const broken = info.keySize > 16 || message.length > 16;
  const gap = broken ? '\n' : ' ';
  const afterKey = info.keySize + message.length <= 24 && !broken ? '  ' : '\n';
  ctx.print(`key:${gap}${hexText(key)}${afterKey}value:${gap}${message}\n`);
  // Nothing is counted: `Found N elements` is about values that could be read.
  return false;
}

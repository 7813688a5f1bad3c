import { type Context, type Handler, fail } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { type FdInfo, fdInfo } from '../../host/index.ts';
import { BpfMap, type MapInfo, nextId, openFdById } from '../../kernel/index.ts';
import { progTypeName, BPF_F_RDONLY, holdsPrograms } from '../../uapi/index.ts';
import { printDevice } from '../shared/device.ts';
import { kernelOf } from '../shared/kernel.ts';
import { holderTable, type Holders, type PinnedPaths, pinnedTable, printHolders, printPinned } from '../shared/refs.ts';
import { noMatch, selectMaps } from '../shared/select-map.ts';
import { printMapHeader } from './header.ts';

/** What is found out once for all maps of a list. */
interface References {
  readonly pinned: PinnedPaths | undefined;
  readonly holders: Holders;
}

/** `map { show | list } [MAP]` */
export const show: Handler = (ctx, words) => {
  const references: References = {
    pinned: ctx.options.bpffs ? pinnedTable(ctx, 'map') : undefined,
    holders: holderTable(ctx, 'map'),
  };
  if (words.left === 2) {
    const maps = selectMaps(ctx, words, { readOnly: true });
    if (maps.length === 0) noMatch(ctx);
    // One match is an object, several are an array.
    if (maps.length > 1) ctx.json?.startArray();
    for (const map of maps) showMap(ctx, map, references);
    if (maps.length > 1) ctx.json?.endArray();
    return;
  }
  if (words.left > 0) words.unexpected();
  ctx.json?.startArray();
  const kernel = kernelOf(ctx);
  for (let id = 0; ; ) {
    id = nextId(kernel, 'map', id);
    if (id === -Errno.ENOENT) break;
    if (id < 0) fail(`can't get next map: ${strerror(-id)}${id === -Errno.EINVAL ? ' -- kernel too old?' : ''}`);
    // A descriptor for reading is enough, and is given also where a security module refuses one for writing.
    const fd = openFdById(kernel, 'map', id, BPF_F_RDONLY);
    // It went away between the two calls.
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) fail(`can't get map by id (${id}): ${strerror(-fd)}`);
    showMap(ctx, new BpfMap(kernel, fd, { isKnown: true }), references);
  }
  ctx.json?.endArray();
};

function showMap(ctx: Context, map: BpfMap, references: References): void {
  try {
    // `memlock`, `frozen` and the owner are in /proc/self/fdinfo only: bpf_map_info has no fields for them.
    const facts = fdInfo(map.kernel, map.fd.number);
    if (ctx.json === undefined) showPlain(ctx, map.info(), facts, references);
    else showJson(ctx, map.info(), facts, references);
  } finally {
    map.close();
  }
}

function showJson(ctx: Context, info: MapInfo, facts: FdInfo, references: References): void {
  const json = ctx.json!;
  json.startObject();
  printMapHeader(ctx, json, info);
  printDevice(ctx, info);
  json.field('bytes_key', info.keySize).field('bytes_value', info.valueSize).field('max_entries', info.maxEntries);
  const memlock = facts.get('memlock');
  if (memlock !== undefined) json.field('bytes_memlock', BigInt(memlock));
  // A program array takes the type of the first program that uses it or is put into it; before, there is no owner.
  if (holdsPrograms(info.type)) {
    const owner = facts.get('owner_prog_type');
    if (owner !== undefined) json.field('owner_prog_type', progTypeName(Number(owner)) ?? Number(owner));
    const jited = facts.get('owner_jited');
    if (jited !== undefined) json.field('owner_jited', Number(jited) !== 0);
  }
  // A number, not a boolean: the reference prints an int.
  json.field('frozen', Number(facts.get('frozen') ?? 0));
  if (info.btfId !== 0) json.field('btf_id', info.btfId);
  printPinned(ctx, references.pinned, info.id);
  printHolders(ctx, references.holders, info.id);
  json.endObject();
}

function showPlain(ctx: Context, info: MapInfo, facts: FdInfo, references: References): void {
  printMapHeader(ctx, undefined, info);
  ctx.print(`\tkey ${info.keySize}B  value ${info.valueSize}B  max_entries ${info.maxEntries}`);
  const memlock = facts.get('memlock');
  if (memlock !== undefined) ctx.print(`  memlock ${memlock}B`);
  if (holdsPrograms(info.type)) {
    const owner = facts.get('owner_prog_type');
    const jited = facts.get('owner_jited');
    // The second line exists for either of the two; `owner…` has no blanks after it, the type has two.
    if (owner !== undefined || jited !== undefined) ctx.print('\n\t');
    if (owner !== undefined) ctx.print(`owner_prog_type ${progTypeName(Number(owner)) ?? Number(owner)}  `);
    if (jited !== undefined) ctx.print(`owner${Number(jited) !== 0 ? '' : ' not'} jited`);
  }
  printPinned(ctx, references.pinned, info.id);
  const frozen = Number(facts.get('frozen') ?? 0) !== 0;
  if (info.btfId !== 0 || frozen) ctx.print('\n\t');
  if (info.btfId !== 0) ctx.print(`btf_id ${info.btfId}`);
  if (frozen) ctx.print(`${info.btfId !== 0 ? '  ' : ''}frozen`);
  printHolders(ctx, references.holders, info.id);
  ctx.print('\n');
}

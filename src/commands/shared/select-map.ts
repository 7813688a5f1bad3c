import { type Context, fail, failSilently, strtoul, type Words } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { BpfMap, nextId, openFdById } from '../../kernel/index.ts';
import { BPF_OBJ_NAME_LEN, BPF_F_RDONLY } from '../../uapi/index.ts';
import { pinnedMap } from './kept-map.ts';
import { kernelOf } from './kernel.ts';
import { mapNamedLoosely } from './loose-names.ts';
import { openPinned } from './pin.ts';

/** How a command opens the maps it names. */
export interface MapAccess {
  readonly readOnly: boolean;
  /** Whether a name may be cut, a beginning or a pattern: in the commands that the reference has not. */
  readonly loosely?: boolean;
}

const flagsOf = (access: MapAccess) => (access.readOnly ? BPF_F_RDONLY : 0);

/** Consumes `id ID`, `name NAME` or `pinned FILE` and opens every map it stands for; a name may match none. */
export function selectMaps(ctx: Context, words: Words, access: MapAccess): BpfMap[] {
  const kernel = kernelOf(ctx);
  const flags = flagsOf(access);
  if (words.take('id')) {
    const word = words.next();
    const { value, rest } = strtoul(word, 0);
    if (rest !== '') fail(`can't parse ${word} as ID`);
    const id = Number(value & 0xffff_ffffn);
    const fd = openFdById(kernel, 'map', id, flags);
    if (fd < 0) fail(`get map by id (${id}): ${strerror(-fd)}`);
    return [new BpfMap(kernel, fd, { isKnown: true })];
  }
  if (words.take('name')) {
    const name = words.next();
    if (access.loosely) {
      const map = mapNamedLoosely(kernel, name, flags);
      return map === undefined ? [] : [map];
    }
    if (Buffer.byteLength(name) > BPF_OBJ_NAME_LEN - 1) fail("can't parse name");
    return mapsByName(ctx, name, flags);
  }
  if (words.take('pinned')) {
    const path = words.next();
    return [pinnedMap(ctx, kernel, { path, flags, open: () => openPinned(ctx, path, 'map', flags) })];
  }
  fail(`expected 'id', 'name' or 'pinned', got: '${words.peek() ?? '(null)'}'?`);
}

/** As `selectMaps`, where exactly one map can be meant. */
export function selectMap(ctx: Context, words: Words, access: MapAccess): BpfMap {
  const maps = selectMaps(ctx, words, access);
  if (maps.length > 1) {
    for (const map of maps) map.close();
    fail('several maps match this handle');
  }
  return maps[0] ?? noMatch(ctx);
}

/** Nothing has this name: the reference says nothing; a person at a terminal gets a hint. */
export function noMatch(ctx: Context): never {
  ctx.hint('no map has this name; `map show` lists the names, which are cut after 15 characters');
  failSilently();
}

function mapsByName(ctx: Context, name: string, flags: number): BpfMap[] {
  const kernel = kernelOf(ctx);
  const found: BpfMap[] = [];
  for (let id = 0; ; ) {
    id = nextId(kernel, 'map', id);
    if (id === -Errno.ENOENT) return found;
    if (id < 0) fail(strerror(-id));
    const fd = openFdById(kernel, 'map', id, BPF_F_RDONLY);
    // Deleted since its id was read: not an error of this search.
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) fail(`can't get map by id (${id}): ${strerror(-fd)}`);
    const map = new BpfMap(kernel, fd, { isKnown: true });
    if (map.info().name !== name) {
      map.close();
    } else if (flags === BPF_F_RDONLY) {
      found.push(map);
    } else {
      map.close();
      const writable = openFdById(kernel, 'map', id, flags);
      if (writable < 0) fail(`can't get map by id (${id}): ${strerror(-writable)}`);
      found.push(new BpfMap(kernel, writable, { isKnown: true }));
    }
  }
}

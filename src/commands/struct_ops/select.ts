// STRUCT_OPS_MAP: do_work_on_struct_ops() of bpftool's src/struct_ops.c.
import { type Context, failSilently, isPrefix, strtoul, usage, type Words } from '../../cli/index.ts';
import { Errno, strerror, TsbpfError } from '../../errors/index.ts';
import { BpfMap, nextId, openFdById } from '../../kernel/index.ts';
import type { JsonWriter } from '../../output/index.ts';
import { bpf_map_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** What a verb does with one struct_ops map. False, after saying why, where it failed. */
export type Work = (map: BpfMap) => boolean;

/**
 * Does `work` for the map that `[ id ID | name NAME ]` names, or for all of them; `writer` gets them as an array.
 * Fails where one failed or, if there had to be one, where there is none.
 */
export function forStructOps(
  ctx: Context,
  words: Words,
  options: { writer: JsonWriter | undefined; work: Work },
): void {
  const isNamed = words.left > 0;
  const [kind, term] = isNamed ? [words.next(), words.next()] : [undefined, undefined];
  if (term !== undefined && isPrefix(kind, 'id')) {
    one(ctx, term, options);
    return;
  }
  if (kind !== undefined && !isPrefix(kind, 'name')) usage();
  const { writer, work } = options;
  let [found, failed] = [0, 0];
  writer?.startArray();
  for (const map of all(ctx, () => failed++)) {
    using open = map;
    if (term !== undefined && open.info().name !== term) continue;
    found++;
    if (!work(open)) failed++;
  }
  writer?.endArray();
  // Verbs that print an array show by an empty one that nothing was found; others say so, or print null.
  if (writer === undefined && failed === 0) {
    if (term !== undefined && found === 0) ctx.error(`no struct_ops found for ${term}`);
    else ctx.json?.null();
  }
  if (failed > 0 || (isNamed && found === 0)) failSilently();
}

function one(ctx: Context, term: string, { writer, work }: { writer: JsonWriter | undefined; work: Work }): void {
  const { value, rest } = strtoul(term, 0);
  const bad = (text: string): never => {
    ctx.error(text);
    failSilently();
  };
  // strtoul(3) has 64 bits here; ids have 32, and 0 is none.
  if (rest !== '' || value === 0n || value > 0xffff_ffffn) bad(`invalid id ${term}`);
  const id = Number(value);
  const fd = openFdById(kernelOf(ctx), 'map', id);
  if (fd < 0) bad(`can't get map by id (${id}): ${strerror(-fd)}`);
  using map = new BpfMap(kernelOf(ctx), fd, { isKnown: true });
  if (!isStructOps(ctx, map)) bad(`${map.info().name} id ${id} is not a struct_ops map`);
  writer?.startArray();
  const isDone = work(map);
  if (isDone && writer === undefined) ctx.json?.null();
  writer?.endArray();
  if (!isDone) failSilently();
}

/** All struct_ops maps; whoever takes one closes it. `onError` hears, after the message, that the search broke off. */
function* all(ctx: Context, onError: () => void): Generator<BpfMap> {
  const kernel = kernelOf(ctx);
  for (let id = 0; ; ) {
    id = nextId(kernel, 'map', id);
    if (id === -Errno.ENOENT) return;
    const fd = id < 0 ? id : openFdById(kernel, 'map', id);
    if (id >= 0 && fd === -Errno.ENOENT) continue;
    if (fd < 0) {
      ctx.error(id < 0 ? `can't get next map: ${strerror(-id)}` : `can't get map by id (${id}): ${strerror(-fd)}`);
      onError();
      return;
    }
    const map = new BpfMap(kernel, fd, { isKnown: true });
    try {
      if (isStructOps(ctx, map)) yield map;
    } finally {
      map.close();
    }
  }
}

function isStructOps(ctx: Context, map: BpfMap): boolean {
  try {
    return map.info().type === bpf_map_type.BPF_MAP_TYPE_STRUCT_OPS;
  } catch (error) {
    if (!(error instanceof TsbpfError) || error.errno === undefined) throw error;
    ctx.error(`can't get map info: ${strerror(error.errno)}`);
    failSilently();
  }
}

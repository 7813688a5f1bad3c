import { fail, type Handler } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { CgroupQueries, cgroupHooks, Fd } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { firstUsedHook, openGroup, readEffective } from './group.ts';
import { HookNames } from './hook-names.ts';
import { type Listing, printHeading, printPrograms } from './programs.ts';

/** `cgroup { show | list } CGROUP [effective]` */
export const show: Handler = (ctx, words) => {
  words.require(1);
  const path = words.next();
  const effective = readEffective(words);
  const kernel = kernelOf(ctx);
  const fd = openGroup(kernel, path);
  if (fd < 0) fail(`can't open cgroup ${path}`);
  using group = new Fd(kernel, fd);
  const queries = new CgroupQueries(kernel, { effective });
  const first = firstUsedHook(queries, group.number);
  if (first < 0) fail(`can't query bpf programs attached to ${path}: ${strerror(-first)}`);
  if (first === cgroupHooks.length) return;
  const listing: Listing = { effective, names: new HookNames(ctx) };
  if (ctx.json === undefined) printHeading(ctx, listing);
  ctx.json?.startArray();
  listing.names.prepare();
  let answered = false;
  for (const hook of cgroupHooks.slice(first)) {
    const attached = queries.programs(group.number, hook);
    // Older kernels lack some hooks: it is enough that they answer about one.
    if (typeof attached === 'number') continue;
    answered = true;
    printPrograms(ctx, listing, hook, attached);
  }
  ctx.json?.endArray();
  if (!answered) return -1;
  return 0;
};

import { fail, type Handler } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { CgroupQueries, cgroupHooks, Fd } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { firstUsedHook, openGroup, readEffective } from './group.ts';
import { HookNames } from './hook-names.ts';
import { type Listing, printHeading, printPrograms } from './programs.ts';

/** `cgroup { show | list } CGROUP [effective]`: do_show() of bpftool's src/cgroup.c. */
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
  // Nothing at all is printed for a group without programs, not even the heading or, with -j, an empty array.
  if (first === cgroupHooks.length) return;
  const listing: Listing = { effective, names: new HookNames(ctx) };
  if (ctx.json === undefined) printHeading(ctx, listing);
  ctx.json?.startArray();
  // The reference looks for the kernel's BTF here, and its messages stand below the heading.
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
  // The status -1 without a message, as the reference has it.
  if (!answered) return -1;
  return 0;
};

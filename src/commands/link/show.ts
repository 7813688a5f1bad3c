import { type Context, fail, type Handler } from '../../cli/index.ts';
import { SyscallError, strerror, Errno } from '../../errors/index.ts';
import { BpfLink, type LinkInfo, nextId, openFdById } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { type Holders, holderTable, type PinnedPaths, pinnedTable, printHolders, printPinned } from '../shared/refs.ts';
import { jsonLink } from './json.ts';
import { plainLink } from './plain.ts';
import { selectLink } from './select.ts';
import { type LinkLookups, linkLookups } from './lookups.ts';

/** What is found out once for all links of a list. */
interface Show {
  readonly ctx: Context;
  readonly around: LinkLookups;
  readonly pinned: PinnedPaths | undefined;
  readonly holders: Holders;
}

/** `link show|list [LINK]`: all links or one, with everything the kernel tells of their type. */
export const show: Handler = (ctx, words) => {
  const state: Show = {
    ctx,
    // Symbols of the kernel are read when a multi-probe asks for them, not before.
    around: linkLookups(ctx),
    pinned: ctx.options.bpffs ? pinnedTable(ctx, 'link') : undefined,
    holders: holderTable(ctx, 'link'),
  };
  if (words.left === 2) {
    using link = selectLink(ctx, words);
    print(state, infoOf(link));
    return 0;
  }
  if (words.left > 0) words.unexpected();
  ctx.json?.startArray();
  const status = showAll(state);
  ctx.json?.endArray();
  return status;
};

function showAll(state: Show): number {
  const { ctx } = state;
  const kernel = kernelOf(ctx);
  // From 0, the kernel gives the next higher id each time, until ENOENT.
  for (let id = 0; ; ) {
    id = nextId(kernel, 'link', id);
    if (id === -Errno.ENOENT) return 0;
    if (id < 0) {
      ctx.error(`can't get next link: ${strerror(-id)}${id === -Errno.EINVAL ? ' -- kernel too old?' : ''}`);
      return -1;
    }
    const fd = openFdById(kernel, 'link', id);
    // It went away between the two calls.
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) {
      ctx.error(`can't get link by id (${id}): ${strerror(-fd)}`);
      return -1;
    }
    using link = new BpfLink(kernel, fd, { isKnown: true });
    print(state, infoOf(link));
  }
}

function infoOf(link: BpfLink): LinkInfo {
  try {
    return link.info();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    fail(`can't get link info: ${strerror(error.errno)}`);
  }
}

function print({ ctx, around, pinned, holders }: Show, info: LinkInfo): void {
  if (ctx.json === undefined) {
    const { text, complete } = plainLink(info, around);
    ctx.print(text);
    // The reference ends such an entry without a newline, so the next one continues the line.
    if (!complete) return;
  } else {
    ctx.json.startObject();
    if (!jsonLink(ctx.json, info, around)) {
      ctx.json.endObject();
      return;
    }
  }
  printPinned(ctx, pinned, info.id);
  printHolders(ctx, holders, info.id);
  if (ctx.json === undefined) ctx.print('\n');
  else ctx.json.endObject();
}

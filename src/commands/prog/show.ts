import { type Context, fail, type Handler } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { bootTime, fdInfo } from '../../host/index.ts';
import { BpfProgram, nextId, openFdById } from '../../kernel/index.ts';
import { printDevice } from '../shared/device.ts';
import { kernelOf } from '../shared/kernel.ts';
import { localTime } from '../shared/local-time.ts';
import { holderTable, type Holders, type PinnedPaths, pinnedTable, printHolders, printPinned } from '../shared/refs.ts';
import { noProgram, selectPrograms } from '../shared/select-prog.ts';
import { printProgramHeader } from './header.ts';
import { metadataPrinter } from './metadata.ts';

/** What is found out once for all programs of a list. */
interface ShowContext {
  readonly pinned: PinnedPaths | undefined;
  readonly holders: Holders;
  readonly printMetadata: (mapIds: readonly number[]) => void;
  /** In nanoseconds since 1970. */
  readonly bootTime: bigint;
}

/** `prog { show | list } [PROG]`: do_show() of bpftool's src/prog.c. */
export const show: Handler = (ctx, words) => {
  const context: ShowContext = {
    pinned: ctx.options.bpffs ? pinnedTable(ctx, 'prog') : undefined,
    holders: holderTable(ctx, 'prog'),
    printMetadata: metadataPrinter(ctx),
    bootTime: bootTime(kernelOf(ctx)),
  };
  if (words.left === 2) {
    const programs = selectPrograms(ctx, words);
    if (programs.length === 0) noProgram(ctx);
    if (programs.length > 1) ctx.json?.startArray();
    for (const program of programs) showProgram(ctx, program, context);
    if (programs.length > 1) ctx.json?.endArray();
    return;
  }
  if (words.left > 0) words.unexpected();
  ctx.json?.startArray();
  const kernel = kernelOf(ctx);
  // From 0, the kernel gives the next higher id each time, until ENOENT.
  for (let id = 0; ; ) {
    id = nextId(kernel, 'prog', id);
    if (id === -Errno.ENOENT) break;
    if (id < 0) fail(`can't get next program: ${strerror(-id)}${id === -Errno.EINVAL ? ' -- kernel too old?' : ''}`);
    const fd = openFdById(kernel, 'prog', id);
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) fail(`can't get prog by id (${id}): ${strerror(-fd)}`);
    showProgram(ctx, new BpfProgram(kernel, fd, { isKnown: true }), context);
  }
  ctx.json?.endArray();
};

function showProgram(ctx: Context, program: BpfProgram, context: ShowContext): void {
  try {
    const { json } = ctx;
    const { pinned, holders, printMetadata } = context;
    const { info, mapIds, isOrphaned } = program.infoWithMaps();
    const loadedAt = Number((context.bootTime + info.loadTime) / 1_000_000_000n);
    const memlock = fdInfo(program.kernel, program.fd.number).get('memlock');
    json?.startObject();
    printProgramHeader(ctx, program, info);
    if (json === undefined) {
      if (info.loadTime !== 0n) {
        ctx.print(`\tloaded_at ${localTime(loadedAt)}  uid ${info.createdByUid}\n`);
      }
      ctx.print(`\txlated ${info.xlatedLength}B`);
      ctx.print(info.jitedLength === 0 ? '  not jited' : `  jited ${info.jitedLength}B`);
      if (memlock !== undefined) ctx.print(`  memlock ${memlock}B`);
      if (isOrphaned) ctx.print('  orphaned');
      if (mapIds.length > 0) ctx.print(`  map_ids ${mapIds.join(',')}`);
      printPinned(ctx, pinned, info.id);
      if (info.btfId !== 0) ctx.print(`\n\tbtf_id ${info.btfId}`);
      printHolders(ctx, holders, info.id);
      ctx.print('\n');
      printMetadata(mapIds);
      return;
    }
    printDevice(ctx, info);
    if (info.loadTime !== 0n) json.field('loaded_at', loadedAt).field('uid', info.createdByUid);
    json
      .field('orphaned', isOrphaned)
      .field('bytes_xlated', info.xlatedLength)
      .field('jited', info.jitedLength !== 0);
    if (info.jitedLength !== 0) json.field('bytes_jited', info.jitedLength);
    if (memlock !== undefined) json.field('bytes_memlock', BigInt(memlock));
    if (mapIds.length > 0) {
      json.name('map_ids').startArray();
      for (const id of mapIds) json.number(id);
      json.endArray();
    }
    if (info.btfId !== 0) json.field('btf_id', info.btfId);
    printPinned(ctx, pinned, info.id);
    printHolders(ctx, holders, info.id);
    printMetadata(mapIds);
    json.endObject();
  } finally {
    program.close();
  }
}

import { type Context, fail, parseU32, type Words } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { BpfLink, openFdById } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { openPinned } from '../shared/pin.ts';

/** Consumes `id ID` or `pinned PATH` and opens that link. Source: link_parse_fd() of bpftool's src/link.c. */
export function selectLink(ctx: Context, words: Words): BpfLink {
  const kernel = kernelOf(ctx);
  if (words.take('id')) {
    const id = parseU32(words, 'ID');
    const fd = openFdById(kernel, 'link', id);
    if (fd < 0) fail(`failed to get link with ID ${id}: ${strerror(-fd)}`, { status: fd });
    return new BpfLink(kernel, fd, { isKnown: true });
  }
  if (words.take('pinned')) return new BpfLink(kernel, openPinned(ctx, words.next(), 'link'), { isKnown: true });
  fail(`expected 'id' or 'pinned', got: '${words.peek()}'?`);
}

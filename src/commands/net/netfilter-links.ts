// The section `netfilter` of `net show`: show_link_netfilter() of bpftool's src/net.c. It is about all network
// namespaces, since links do not say theirs.
import type { Context } from '../../cli/index.ts';
import { Errno, SyscallError, strerror } from '../../errors/index.ts';
import { BpfLink, nextId, openFdById } from '../../kernel/index.ts';
import { bpf_link_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import type { NetfilterHook } from '../shared/netfilter.ts';

/** What bpf_link_info.netfilter says, and the program. */
export interface NetfilterLink extends NetfilterHook {
  readonly programId: number;
}

/** The netfilter links of the machine, by protocol, hook, priority and flags. Reports what cannot be read, and goes on. */
export function netfilterLinks(ctx: Context): NetfilterLink[] {
  const found: NetfilterLink[] = [];
  visitLinks(ctx, (link) => {
    const hook = netfilterLink(link);
    if (hook !== undefined) found.push(hook);
  });
  // netfilter_link_compar() of the reference: at one hook, the order in which they run.
  return found.sort((a, b) => a.pf - b.pf || a.hook - b.hook || a.priority - b.priority || a.flags - b.flags);
}

function visitLinks(ctx: Context, visit: (link: BpfLink) => void): void {
  const kernel = kernelOf(ctx);
  for (let id = 0; ; ) {
    const next = nextId(kernel, 'link', id);
    if (next === -Errno.ENOENT) return;
    if (next < 0) {
      ctx.error(`can't get next link: ${strerror(-next)} (id ${id})`);
      return;
    }
    id = next;
    const fd = openFdById(kernel, 'link', id);
    // Gone since its id was read.
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) {
      ctx.error(`can't get link by id (${id}): ${strerror(-fd)}`);
      continue;
    }
    using link = new BpfLink(kernel, fd, { isKnown: true });
    try {
      visit(link);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      ctx.error(`can't get link info for fd ${fd}: ${strerror(error.errno)}`);
    }
  }
}

function netfilterLink(link: BpfLink): NetfilterLink | undefined {
  const view = link.commonInfo();
  if (view.u32('type') !== bpf_link_type.BPF_LINK_TYPE_NETFILTER) return undefined;
  return {
    pf: view.u32('netfilter.pf'),
    hook: view.u32('netfilter.hooknum'),
    priority: view.u32('netfilter.priority'),
    flags: view.u32('netfilter.flags'),
    programId: view.u32('prog_id'),
  };
}

import { UsageError } from '../../errors/index.ts';
import { BPF_F_AFTER, BPF_F_BEFORE, BPF_F_ID, BPF_F_LINK } from '../../uapi/index.ts';

/**
 * Where among the programs of one hook another one goes: before or after one that is there, or at the begin or end if
 * none is named. Tcx since 6.6, netkit since 6.7, cgroups since 6.16 and in 6.12.117; there a link goes beside a link.
 */
export interface AttachOrder {
  readonly place?: 'before' | 'after';
  /** The program or link that is there already: a descriptor, or an id. */
  readonly relativeTo?: { readonly kind: 'program' | 'link' } & (
    | { readonly fd: number; readonly id?: never }
    | { readonly id: number; readonly fd?: never }
  );
  /** Fails with ESTALE if the hook's programs changed since they had this revision. */
  readonly expectedRevision?: bigint;
}

/** Flags and the two members that say it in `bpf_attr.link_create`. UsageError for what says nothing. */
export function orderRequest(order: AttachOrder): { flags: number; relative: number; revision: bigint } {
  const { place, relativeTo, expectedRevision } = order;
  let flags = place === 'before' ? BPF_F_BEFORE : place === 'after' ? BPF_F_AFTER : 0;
  let relative = 0;
  if (relativeTo !== undefined) {
    if (place === undefined) throw new UsageError('a program beside another goes before or after it');
    const { kind, fd, id } = relativeTo;
    if ((fd === undefined) === (id === undefined)) throw new UsageError(`a ${kind} is named by descriptor or by id`);
    relative = id ?? fd;
    if (relative <= 0) throw new UsageError(`${relative} names no ${kind}`);
    if (id !== undefined) flags |= BPF_F_ID;
    if (kind === 'link') flags |= BPF_F_LINK;
  }
  return { flags, relative, revision: expectedRevision ?? 0n };
}

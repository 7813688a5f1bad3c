import { bpf_attach_type, bpf_iter_link_info, structView } from '../../uapi/index.ts';
import type { WithFd } from '../fd-of.ts';
import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';
import { mapDescriptor } from './targets.ts';

/** What an iterator walks, where its program leaves that open: the elements of one map, or one process or thread (since 6.1). */
export interface IteratorTarget {
  readonly map?: WithFd | { readonly map: WithFd };
  readonly mapFd?: number;
  readonly pid?: number;
  readonly tid?: number;
}

/** Attaches an iterator. ObjectError if the kernel refuses. */
export function attachIterator(
  context: AttachContext,
  program: AttachableProgram,
  target: IteratorTarget = {},
): LoadedLink {
  const base = { to: 'iterator', target: 0, attachType: bpf_attach_type.BPF_TRACE_ITER };
  const info = structView(bpf_iter_link_info);
  if (target.map !== undefined || target.mapFd !== undefined) info.set('map.map_fd', mapDescriptor(target));
  else if (target.pid !== undefined) info.set('task.pid', target.pid);
  else if (target.tid !== undefined) info.set('task.tid', target.tid);
  else return link(context, program, base);
  const details = { iter_info: info.bytes, iter_info_len: info.bytes.length };
  return link(context, program, { ...base, details });
}

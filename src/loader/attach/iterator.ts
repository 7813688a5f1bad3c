import { bpf_attach_type } from '../../uapi/index.ts';
import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';

/** Attaches an iterator; `mapFd` for those that walk the elements of one map. */
export function attachIterator(
  context: AttachContext,
  program: AttachableProgram,
  target: { mapFd?: number } = {},
): LoadedLink {
  const base = { to: 'iterator', target: 0, attachType: bpf_attach_type.BPF_TRACE_ITER };
  if (target.mapFd === undefined) return link(context, program, base);
  // union bpf_iter_link_info with the map's fd first.
  const info = new Uint8Array(16);
  new DataView(info.buffer).setUint32(0, target.mapFd, true);
  const details = { iter_info: info, iter_info_len: info.length };
  return link(context, program, { ...base, details });
}

import { Errno } from '../../errors/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { BPF_F_LINK, bpf_attach_type } from '../../uapi/index.ts';
import { createLink } from '../../bpf/index.ts';
import { setElement } from '../../kernel/index.ts';
import type { LoadedObject } from '../loaded-object.ts';
import type { LoadedMap } from '../loaded-map.ts';
import { type AttachContext, LoadedLink } from './link.ts';

/**
 * Registers a struct_ops map of a loaded object. A map of `.struct_ops.link` gives a link, which unregisters it when
 * closed unless pinned; others stay registered until their element is deleted. ObjectError if the kernel refuses.
 */
export function registerStructOps(
  { kernel, log }: AttachContext,
  object: LoadedObject,
  map: LoadedMap,
): LoadedLink | undefined {
  const value = object.structOpsValues.get(object.spec.maps.indexOf(map.spec));
  if (!value) throw failure(log, Errno.EINVAL, `map '${map.name}': can't attach non-struct_ops map`);
  const bad = (result: number) =>
    failure(undefined, -result, `map '${map.name}': cannot be registered: ${errorText(result)}`);
  const isLink = (map.spec.flags & BPF_F_LINK) !== 0;
  const updated = setElement(kernel, map.fd.number, { key: new Uint8Array(4), value });
  // Set before, by an earlier link.
  if (updated < 0 && !(isLink && updated === -Errno.EBUSY)) throw bad(updated);
  if (!isLink) return undefined;
  const fd = createLink(kernel, { programFd: map.fd.number, target: 0, attachType: bpf_attach_type.BPF_STRUCT_OPS });
  if (fd < 0) throw bad(fd);
  return new LoadedLink(kernel, fd);
}

import { deleteBatch } from '../bpf/index.ts';
import { Errno } from '../errors/index.ts';
import { syscallError } from '../sys/index.ts';
import { noBatches } from './batch.ts';
import type { BpfMap } from './map.ts';

/** Deletes the elements of `count` packed keys, in batches where type and kernel have them: how many were there. Throws SyscallError. */
export function deleteElements(map: BpfMap, keys: Uint8Array, count: number): number {
  const { keySize, name } = map.info();
  const { kernel } = map;
  const at = (i: number) => keys.subarray(i * keySize, (i + 1) * keySize);
  let [done, deleted] = [0, 0];
  while (done < count) {
    const left = count - done;
    const { result, count: counted } = deleteBatch(kernel, {
      fd: map.fd.number,
      keys: keys.subarray(done * keySize),
      count: left,
    });
    // Where the call was refused as a whole, the count stands as it was given.
    const some = result === 0 ? left : counted % left;
    done += some;
    deleted += some;
    if (result === 0) break;
    if (result === -Errno.ENOENT && some < left) done++;
    else if (noBatches.has(result)) {
      for (; done < count; done++) if (map.delete(at(done))) deleted++;
    } else throw syscallError(`delete from map '${name}'`, result);
  }
  return deleted;
}

// What this process itself holds: other processes' objects come and go at any time and must not count.
import { readdirSync, readlinkSync } from 'node:fs';

const folder = '/proc/self/fd';

/** How many descriptors of this process have a target that `isMeant` accepts. */
function countDescriptors(isMeant: (target: string) => boolean): number {
  return readdirSync(folder).filter((fd) => {
    try {
      return isMeant(readlinkSync(`${folder}/${fd}`));
    } catch {
      // The descriptor of the folder itself is closed by now.
      return false;
    }
  }).length;
}

/** How many BPF links this process holds open. */
export function linksHeldHere(): number {
  return countDescriptors((target) => target === 'anon_inode:bpf_link');
}

/** How many BPF objects of any kind this process holds open. */
export function bpfDescriptorsHeldHere(): number {
  return countDescriptors((target) => /^anon_inode:(?:bpf|btf)/.test(target));
}

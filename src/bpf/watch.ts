import type { Kernel } from '../sys/index.ts';
import { bpf_cmd, type NativeStruct } from '../uapi/index.ts';

/** A bpf(2) call the kernel refused. */
export interface RefusedCall {
  /** `enum bpf_cmd` */
  readonly command: number;
  /** The `union bpf_attr` it was given; its pointers mean nothing any more. */
  readonly attr: Uint8Array;
  /** Positive. */
  readonly errno: number;
}

/** A kernel that remembers the last bpf(2) call it refused, for whoever has to explain a failure. */
export interface WatchedKernel {
  readonly kernel: Kernel;
  lastRefusal(): RefusedCall | undefined;
}

/** Asked for without need, so its refusal explains nothing: rights that a BPF file system may delegate. */
const triedOnly: readonly number[] = [bpf_cmd.BPF_TOKEN_CREATE];

/** A kernel that passes every call on to `watched` and remembers the last one that was refused. */
export function watchRefusals(watched: Kernel): WatchedKernel {
  let last: RefusedCall | undefined;
  const remember = (command: number, attr: NativeStruct, result: number): number => {
    if (result < 0 && !triedOnly.includes(command)) last = { command, attr: attr.bytes.slice(), errno: -result };
    return result;
  };
  const kernel = withCalls(watched, {
    bpf: (command, attr) => remember(command, attr, watched.bpf(command, attr)),
    bpfInBackground: async (command, attr) => remember(command, attr, await watched.bpfInBackground(command, attr)),
  });
  return { kernel, lastRefusal: () => last };
}

/** A kernel whose bpf(2) calls go through others. */
export function withCalls(below: Kernel, calls: Pick<Kernel, 'bpf' | 'bpfInBackground'>): Kernel {
  return new Proxy(below, {
    get(target, name) {
      if (name === 'bpf' || name === 'bpfInBackground') return calls[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

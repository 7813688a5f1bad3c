import type { Kernel } from '../sys/index.ts';

/** A bpf(2) call the kernel refused. */
export interface RefusedCall {
  /** `enum bpf_cmd` */
  readonly command: number;
  /** The `union bpf_attr` it was given. */
  readonly attr: Uint8Array;
  /** Positive. */
  readonly errno: number;
}

/** A kernel that remembers the last bpf(2) call it refused, for whoever has to explain a failure. */
export interface WatchedKernel {
  readonly kernel: Kernel;
  lastRefusal(): RefusedCall | undefined;
}

export function watchRefusals(watched: Kernel): WatchedKernel {
  let last: RefusedCall | undefined;
  const bpf: Kernel['bpf'] = (command, attr) => {
    const result = watched.bpf(command, attr);
    if (result < 0) last = { command, attr: attr.slice(), errno: -result };
    return result;
  };
  const kernel = new Proxy(watched, {
    get(target, name) {
      if (name === 'bpf') return bpf;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { kernel, lastRefusal: () => last };
}

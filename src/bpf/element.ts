import type { Kernel } from '../sys/index.ts';
import { attr_map_elem, bpf_cmd, structView } from '../uapi/index.ts';

/** One element: raw bytes of the map's sizes. A map without keys takes none. `flags`: BPF_ANY, BPF_NOEXIST … */
export interface Element {
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array;
  readonly flags?: bigint | number;
}

/** The calls on single elements of maps. All return 0 or -errno. One attribute serves them all, one after the other. */
export class ElementCalls {
  readonly #kernel: Kernel;
  readonly #attr = structView(attr_map_elem);

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#attr.isOnlyRead = true;
  }

  /** Fills `value`. */
  lookup(fd: number, { key, value, flags = 0 }: Element): number {
    return this.#call(bpf_cmd.BPF_MAP_LOOKUP_ELEM, this.#of(fd, key, flags).receive('value', value));
  }

  update(fd: number, { key, value, flags = 0 }: Element): number {
    return this.#call(bpf_cmd.BPF_MAP_UPDATE_ELEM, this.#of(fd, key, flags).point('value', value));
  }

  delete(fd: number, key: Uint8Array): number {
    return this.#call(bpf_cmd.BPF_MAP_DELETE_ELEM, this.#of(fd, key, 0).point('value', undefined));
  }

  /** Fills `value`, and the element is gone. */
  lookupAndDelete(fd: number, { key, value, flags = 0 }: Element): number {
    return this.#call(bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM, this.#of(fd, key, flags).receive('value', value));
  }

  /** Puts the key after `key` (the first without one) into `next`. */
  nextKey(fd: number, key: Uint8Array | undefined, next: Uint8Array): number {
    return this.#call(bpf_cmd.BPF_MAP_GET_NEXT_KEY, this.#of(fd, key, 0).receive('next_key', next));
  }

  /** Maps without keys refuse an address, even of nothing: an empty array is a null pointer. */
  #of(fd: number, key: Uint8Array | undefined, flags: bigint | number): ElementView {
    return this.#attr.set('map_fd', fd).set('flags', flags).point('key', key);
  }

  #call(command: number, attr: ElementView): number {
    return this.#kernel.bpf(command, attr);
  }
}

type ElementView = ReturnType<typeof structView<typeof attr_map_elem>>;

/** Writes one element. Returns 0 or -errno. */
export function updateElement(kernel: Kernel, fd: number, element: Element): number {
  return new ElementCalls(kernel).update(fd, element);
}

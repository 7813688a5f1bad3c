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
  // Members are looked up by name once, not for each of a million calls.
  readonly #key = this.#attr.pointer('key');
  /** `next_key` lies in the same place. */
  readonly #value = this.#attr.pointer('value');
  #fd = 0;
  #flags: bigint | number = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#attr.isOnlyRead = true;
    this.#attr.version = 0;
  }

  /** Fills `value`. */
  lookup(fd: number, element: Element): number {
    return this.#call(bpf_cmd.BPF_MAP_LOOKUP_ELEM, fd, element, received);
  }

  update(fd: number, element: Element): number {
    return this.#call(bpf_cmd.BPF_MAP_UPDATE_ELEM, fd, element, given);
  }

  delete(fd: number, key: Uint8Array): number {
    return this.#call(bpf_cmd.BPF_MAP_DELETE_ELEM, fd, { key, value: nothing }, given);
  }

  /** Fills `value`, and the element is gone. */
  lookupAndDelete(fd: number, element: Element): number {
    return this.#call(bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, element, received);
  }

  /** Puts the key after `key` (the first without one) into `next`. */
  nextKey(fd: number, key: Uint8Array | undefined, next: Uint8Array): number {
    return this.#call(bpf_cmd.BPF_MAP_GET_NEXT_KEY, fd, { key, value: next }, received);
  }

  #call(command: number, fd: number, { key, value, flags = 0 }: Element, use: ValueUse): number {
    if (fd !== this.#fd) this.#attr.set('map_fd', fd);
    if (flags !== this.#flags) this.#attr.set('flags', flags);
    this.#fd = fd;
    this.#flags = flags;
    // Maps without keys refuse an address, even of nothing: an empty array is a null pointer.
    this.#key.target = key ?? nothing;
    this.#value.target = value;
    this.#value.isWritten = use === received;
    return this.#kernel.bpf(command, this.#attr);
  }
}

const nothing = new Uint8Array(0);
/** Whether the kernel writes the bytes of the value or reads them. */
type ValueUse = typeof received | typeof given;
const received = 'received';
const given = 'given';

/** Writes one element. Returns 0 or -errno. */
export function updateElement(kernel: Kernel, fd: number, element: Element): number {
  return new ElementCalls(kernel).update(fd, element);
}

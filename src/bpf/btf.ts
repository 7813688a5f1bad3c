import { cstr } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';
import { attr_btf_load, bpf_btf_info, bpf_cmd, structView } from '../uapi/index.ts';
import { tryInfo } from './object.ts';

/** Loads BTF by BPF_BTF_LOAD: its descriptor, or -errno. `log` receives what the kernel finds wrong. */
export function loadBtf(kernel: Kernel, btf: Uint8Array, log?: Uint8Array): number {
  const attr = structView(attr_btf_load);
  attr.point('btf', btf);
  attr.set('btf_size', btf.length);
  if (log) {
    attr.receive('btf_log_buf', log);
    attr.set('btf_log_size', log.length);
    attr.set('btf_log_level', 1);
  }
  return kernel.bpf(bpf_cmd.BPF_BTF_LOAD, attr);
}

/** `struct bpf_btf_info`; `size` in bytes. */
export interface BtfInfo {
  readonly id: number;
  readonly size: number;
  /** Of a kernel or module BTF; empty otherwise. */
  readonly name: string;
  readonly kernelBtf: boolean;
}

/** What the kernel says of a BTF object, or -errno. */
export function tryBtfInfo(kernel: Kernel, fd: number): BtfInfo | number {
  const name = new Uint8Array(64);
  const info = structView(bpf_btf_info).receive('name', name).set('name_len', name.length);
  let result = tryInfo(kernel, fd, info);
  if (result === -Errno.E2BIG) {
    // Before 5.11 there are no names, no BTF of the kernel among the objects, and a longer struct is refused.
    result = tryInfo(kernel, fd, info.set('name', 0).set('name_len', 0));
  }
  if (result < 0) return result;
  return {
    id: info.u32('id'),
    size: info.u32('btf_size'),
    name: cstr(name),
    kernelBtf: info.u32('kernel_btf') !== 0,
  };
}

/** The raw BTF of an object that has `size` bytes, or -errno. */
export function tryBtfBytes(kernel: Kernel, fd: number, size: number): Uint8Array | number {
  const bytes = new Uint8Array(Math.max(1, size));
  const result = tryInfo(kernel, fd, structView(bpf_btf_info).receive('btf', bytes).set('btf_size', bytes.length));
  return result < 0 ? result : bytes;
}

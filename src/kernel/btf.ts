import { type Btf, parseBtf } from '../btf/index.ts';
import { Errno } from '../errors/index.ts';
import { kernelBtfPath } from '../host/index.ts';
import { checkResult, type Kernel } from '../sys/index.ts';
import { bpf_btf_info, structView } from '../uapi/index.ts';
import { BpfObject, mustInfo, openFdById, tryInfo } from './object.ts';
import { loadVmlinux, type VmlinuxReading } from './vmlinux.ts';

/** `struct bpf_btf_info`; `size` in bytes. */
export interface BtfInfo {
  readonly id: number;
  readonly size: number;
  /** Of a kernel or module BTF; empty otherwise. */
  readonly name: string;
  readonly kernelBtf: boolean;
}

/** A live BTF object. */
export class BtfObject extends BpfObject {
  static openById(kernel: Kernel, id: number): BtfObject {
    return new BtfObject(kernel, checkResult(`open BTF ${id}`, openFdById(kernel, 'btf', id)));
  }

  info(): BtfInfo {
    const name = new Uint8Array(64);
    const info = structView(bpf_btf_info);
    info.receive('name', name).set('name_len', name.length);
    // Kernels before 5.11 know no names and refuse a pointer beyond the end of their struct.
    let result = tryInfo(this.kernel, this.fd.number, info);
    if (result === -Errno.E2BIG) {
      result = tryInfo(this.kernel, this.fd.number, info.set('name', 0n).set('name_len', 0));
    }
    checkResult('get object info', result);
    const end = name.indexOf(0);
    return {
      id: info.u32('id'),
      size: info.u32('btf_size'),
      name: new TextDecoder().decode(name.subarray(0, end < 0 ? name.length : end)),
      kernelBtf: info.u32('kernel_btf') !== 0,
    };
  }

  /** The raw BTF. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(Math.max(1, this.info().size));
    const info = structView(bpf_btf_info);
    info.receive('btf', bytes).set('btf_size', bytes.length);
    mustInfo(this.kernel, this.fd.number, info);
    return bytes;
  }
}

/** The BTF with this id, parsed; that of a module continues vmlinux's. */
export function loadBtfById(kernel: Kernel, id: number): Btf {
  const object = BtfObject.openById(kernel, id);
  try {
    const info = object.info();
    const split = info.kernelBtf && info.name !== 'vmlinux';
    return parseBtf(object.bytes(), split ? { base: vmlinuxBtf(kernel) } : {});
  } finally {
    object.close();
  }
}

/** The running kernel's own BTF, from /sys/kernel/btf or its image on the disk. SyscallError where there is none. */
export function vmlinuxBtf(kernel: Kernel, log?: VmlinuxReading<Btf>['log']): Btf {
  const reading = { parse: (bytes: Uint8Array) => parseBtf(bytes), ...(log && { log }) };
  return loadVmlinux(kernel, reading) ?? parseBtf(kernel.readFile(kernelBtfPath));
}

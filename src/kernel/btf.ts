import { type BtfInfo, openFdById, tryBtfBytes, tryBtfInfo } from '../bpf/index.ts';
import { type Btf, parseBtf } from '../btf/index.ts';
import { kernelBtfPath } from '../host/index.ts';
import { checkResult, type Kernel, syscallError } from '../sys/index.ts';
import { type AdoptOptions, BpfObject } from './object.ts';
import { loadVmlinux, type VmlinuxReading } from './vmlinux.ts';

/** A live BTF object. */
export class BtfObject extends BpfObject {
  /** Takes over `fd`. Throws UsageError, and leaves it the caller's, if it is of something else. */
  constructor(kernel: Kernel, fd: number, options?: AdoptOptions) {
    super(kernel, fd, 'btf', options);
  }

  static openById(kernel: Kernel, id: number): BtfObject {
    return new BtfObject(kernel, checkResult(`open BTF ${id}`, openFdById(kernel, 'btf', id)), { isKnown: true });
  }

  info(): BtfInfo {
    return checked(tryBtfInfo(this.kernel, this.fd.number));
  }

  /** The raw BTF. */
  bytes(): Uint8Array {
    return checked(tryBtfBytes(this.kernel, this.fd.number, this.info().size));
  }
}

function checked<T extends object>(result: T | number): T {
  if (typeof result === 'number') throw syscallError('get object info', result);
  return result;
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

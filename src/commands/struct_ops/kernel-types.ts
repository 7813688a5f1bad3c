import type { Btf } from '../../btf/index.ts';
import type { Context } from '../../cli/index.ts';
import { TsbpfError } from '../../errors/index.ts';
import { kernelBtfPath } from '../../host/index.ts';
import { type MapInfo, vmlinuxBtf } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { diagnostics } from '../shared/libbpf-log.ts';

/** The kernel's name of the type of such a map's value; the rest is that of the struct. */
const valuePrefix = 'bpf_struct_ops_';

/** The kernel's types, read when first asked for; undefined, after the message, on kernels without. */
export class KernelTypes {
  readonly #ctx: Context;
  #btf: Btf | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    // Where the kernel does not show its types, that is said even if nothing needs them.
    if (!kernelOf(ctx).exists(kernelBtfPath)) void this.btf;
  }

  get btf(): Btf | undefined {
    if (this.#btf) return this.#btf;
    try {
      this.#btf = vmlinuxBtf(kernelOf(this.#ctx), diagnostics(this.#ctx));
    } catch (error) {
      if (!(error instanceof TsbpfError)) throw error;
      this.#ctx.error('struct_ops requires kernel CONFIG_DEBUG_INFO_BTF=y');
    }
    return this.#btf;
  }

  /** Name of the kernel's struct that a map implements. */
  nameOf(info: MapInfo): string {
    const type = this.btf?.typeById(info.btfVmlinuxValueTypeId);
    if (this.#btf === undefined) return '<btf_vmlinux_not_found>';
    return (type?.name ?? '').slice(valuePrefix.length);
  }
}

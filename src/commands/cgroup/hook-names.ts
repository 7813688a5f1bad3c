import type { Context } from '../../cli/index.ts';
import { TsbpfError } from '../../errors/index.ts';
import type { Btf } from '../../btf/index.ts';
import { kernelBtfPath } from '../../host/index.ts';
import { BtfObject, type Kernel, type ProgramInfo, vmlinuxBtf } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { diagnostics } from '../shared/libbpf-log.ts';

/** Names the function of the kernel that an LSM program is at, from the kernel's BTF. */
export class HookNames {
  readonly #ctx: Context;
  readonly #kernel: Kernel;
  #found = false;
  #btf: Btf | undefined;
  /** Id of the kernel's BTF, once a program has named it. */
  #kernelBtfId = 0;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#kernel = kernelOf(ctx);
  }

  /** Looks for the kernel's BTF, unless it was found before, and says where there is none: the reference does before each list. */
  prepare(): void {
    if (this.#found) return;
    this.#found = this.#kernel.exists(kernelBtfPath);
    if (this.#found) {
      diagnostics(this.#ctx)('debug', `loaded kernel BTF from '${kernelBtfPath}'`);
      return;
    }
    const log = diagnostics(this.#ctx);
    log('warn', `kernel BTF is missing at '${kernelBtfPath}', was CONFIG_DEBUG_INFO_BTF enabled?`);
    log('warn', 'failed to find valid kernel BTF');
  }

  /**
   * The name of the function, or undefined where it is unknown. Empty for a program that is at no function: the reference
   * finds a type without a name for it, as long as it has met no program that is at one.
   */
  nameOf({ attachBtfObjectId, attachBtfId }: ProgramInfo): string | undefined {
    if (!this.#found) return undefined;
    if (this.#kernelBtfId === 0 && attachBtfObjectId !== 0) this.#kernelBtfId = this.#idIfKernels(attachBtfObjectId);
    if (attachBtfObjectId !== this.#kernelBtfId) return undefined;
    if (attachBtfId === 0) return '';
    this.#btf ??= this.#load();
    const type = this.#btf?.typeById(attachBtfId);
    return type === undefined ? undefined : 'name' in type ? type.name : '';
  }

  #load(): Btf | undefined {
    try {
      return vmlinuxBtf(this.#kernel);
    } catch (error) {
      if (!(error instanceof TsbpfError)) throw error;
      diagnostics(this.#ctx)('warn', `failed to read kernel BTF from '${kernelBtfPath}': ${error.message}`);
      this.#found = false;
      return undefined;
    }
  }

  #idIfKernels(id: number): number {
    try {
      using object = BtfObject.openById(this.#kernel, id);
      const info = object.info();
      return info.kernelBtf && info.name === 'vmlinux' ? info.id : 0;
    } catch (error) {
      if (error instanceof TsbpfError) return 0;
      throw error;
    }
  }
}

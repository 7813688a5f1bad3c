import {
  type Btf,
  type BtfValue,
  compileValueDecoder,
  compileValueEncoder,
  type ValueEncoder,
} from '../../btf/index.ts';
import { alignUp } from '../../bytes/index.ts';
import { UsageError } from '../../errors/index.ts';
import type { VariableDescription } from '../../codegen/index.ts';
import type { MapSpec } from '../../object/index.ts';
import { checkResult, type Kernel, type MappedMemory, PROT_READ, PROT_WRITE, SC_PAGESIZE } from '../../sys/index.ts';

/**
 * A global variable of an object. Until the object is loaded its value is the object's own and may be set; then it is
 * the program's, read and written where it lies.
 */
export interface GlobalVariable<T> {
  /** UsageError for a value that does not fit, or that may not be read or set now. */
  value: T;
}

/** The bytes of a map of global data: the object's, then the kernel's. */
export class SectionContents {
  readonly bytes: Uint8Array;
  #mapped: MappedMemory | undefined;
  #live: { kernel: Kernel; fd: number } | undefined;
  readonly #isReadOnly: boolean;

  constructor({ initialValue, valueSize, origin }: MapSpec) {
    this.bytes = new Uint8Array(valueSize);
    if (initialValue !== undefined) this.bytes.set(initialValue.subarray(0, valueSize));
    this.#isReadOnly = origin === 'rodata' || origin === 'kconfig';
  }

  get isLoaded(): boolean {
    return this.#live !== undefined;
  }

  loaded(kernel: Kernel, fd: number): void {
    this.#live = { kernel, fd };
  }

  /** What is there now; mapped into memory when first asked for. Throws SyscallError. */
  current(): Uint8Array {
    if (this.#live === undefined) return this.bytes;
    if (this.#mapped === undefined) {
      const { kernel, fd } = this.#live;
      const length = alignUp(this.bytes.length, kernel.systemConfiguration(SC_PAGESIZE));
      const protection = this.#isReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
      const mapped = kernel.map({ fd, length, protection });
      if (typeof mapped === 'number') throw checkResult('map global data into memory', mapped);
      this.#mapped = mapped;
    }
    return new Uint8Array(this.#mapped.buffer, 0, this.bytes.length);
  }

  close(): void {
    this.#mapped?.close();
    this.#mapped = undefined;
    this.#live = undefined;
  }
}

/** The variable that a description is of. */
export function globalVariable(
  description: VariableDescription,
  contents: SectionContents,
  types: { readonly btf: Btf; readonly isOpen: () => boolean },
): GlobalVariable<BtfValue> {
  const { name, offset, size, type, access } = description;
  const decode = compileValueDecoder(types.btf, type);
  let encoder: ValueEncoder | undefined;
  const current = () => {
    if (!types.isOpen()) throw new UsageError(`variable '${name}': the object is closed`);
    return contents.current();
  };
  return {
    get value(): BtfValue {
      if (access === 'kernelConfiguration' && !contents.isLoaded) {
        throw new UsageError(`variable '${name}': known only once the object is loaded`);
      }
      // A copy: while one reads, the programs write.
      return decode(current().slice(offset, offset + size), 0);
    },
    set value(value: BtfValue) {
      if (access === 'kernelConfiguration') throw new UsageError(`variable '${name}': its value is the kernel's`);
      if (access === 'constant' && contents.isLoaded) {
        throw new UsageError(`variable '${name}': a constant is set before the object is loaded`);
      }
      encoder ??= compileValueEncoder(types.btf, type, { name });
      const bytes = encoder(value);
      current().set(bytes, offset);
    },
  };
}

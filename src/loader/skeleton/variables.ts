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
  /** As reading `value`. */
  get(): T;
  /**
   * Sets it, or the given parts of it: members of a struct and elements of an array that are left out stay as they are, also
   * while programs write them. A string fills the rest of its array with zeroes. Errors as of `value`.
   */
  set(value: PartialValue<T>): void;
}

/** A value of which members of structs, and the last elements of arrays, may be left out. */
export type PartialValue<T> = T extends readonly (infer Element)[]
  ? readonly PartialValue<Element>[]
  : T extends object
    ? { readonly [Member in keyof T]?: PartialValue<T[Member]> }
    : T;

/** A variable of which the type is known at run time only. */
export interface AnyVariable {
  get value(): BtfValue;
  set value(value: unknown);
  get(): BtfValue;
  set(value: unknown): void;
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
): AnyVariable {
  const { name, offset, size, type, access } = description;
  const decode = compileValueDecoder(types.btf, type);
  let encoder: ValueEncoder | undefined;
  const current = () => {
    if (!types.isOpen()) throw new UsageError(`variable '${name}': the object is closed`);
    return contents.current();
  };
  const encoderNow = (): ValueEncoder => {
    encoder ??= compileValueEncoder(types.btf, type, { name });
    return encoder;
  };
  const checkWritable = () => {
    if (access === 'kernelConfiguration') throw new UsageError(`variable '${name}': its value is the kernel's`);
    if (access === 'constant' && contents.isLoaded) {
      throw new UsageError(
        `variable '${name}': a constant is set before the object is loaded, as in load(file, { variables: { ${name}: … } })`,
      );
    }
  };
  return {
    get(): BtfValue {
      return this.value;
    },
    set(value: unknown) {
      checkWritable();
      const { over } = encoderNow();
      // What does not fit shows before anything is written.
      over(value, new Uint8Array(size), 0);
      over(value, current(), offset);
    },
    get value(): BtfValue {
      if (access === 'kernelConfiguration' && !contents.isLoaded) {
        throw new UsageError(`variable '${name}': known only once the object is loaded`);
      }
      // A copy: while one reads, the programs write.
      return decode(current().slice(offset, offset + size), 0);
    },
    set value(value: unknown) {
      checkWritable();
      const bytes = encoderNow()(value);
      current().set(bytes, offset);
    },
  };
}

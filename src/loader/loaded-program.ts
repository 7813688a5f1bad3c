import { BpfProgram } from '../kernel/index.ts';
import type { ProgramSpec } from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';

/** An entry point while its object is being loaded. The descriptor is that of the load. */
export interface MadeProgram {
  readonly name: string;
  readonly spec: ProgramSpec;
  readonly fd: number;
}

/** An entry point in the kernel: a `BpfProgram` that owns its descriptor. It may be closed before the object. */
export class LoadedProgram extends BpfProgram {
  readonly name: string;
  readonly spec: ProgramSpec;

  constructor(kernel: Kernel, made: MadeProgram) {
    super(kernel, made.fd, { isKnown: true });
    this.name = made.name;
    this.spec = made.spec;
  }
}

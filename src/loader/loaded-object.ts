import { Errno } from '../errors/index.ts';
import { type DiagnosticLog, failure, type ObjectSpec, tell } from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { BtfObject } from '../kernel/index.ts';
import { LoadedMap, type MadeMap } from './loaded-map.ts';
import { LoadedProgram, type MadeProgram } from './loaded-program.ts';
import { mapPinPath, pinMap, pinProgram } from './pin.ts';

/** What a load hands over. */
export interface LoadedParts {
  readonly spec: ObjectSpec;
  readonly log: DiagnosticLog;
  /** 0 if the kernel has no BTF of the object. */
  readonly btfFd: number;
  readonly maps: readonly MadeMap[];
  readonly programs: readonly MadeProgram[];
  /** Values of struct_ops maps, to be set when they are registered. */
  readonly structOpsValues: ReadonlyMap<number, Uint8Array>;
}

/** A loaded object. It closes its BTF, maps and programs, each of which owns its descriptor; pins outlive it. */
export class LoadedObject implements Disposable {
  readonly spec: ObjectSpec;
  /** Undefined if the kernel has no BTF of the object. */
  readonly btf: BtfObject | undefined;
  /** In the spec's order, without those that were not created. */
  readonly maps: readonly LoadedMap[];
  /** Entry points that were loaded, in the spec's order. */
  readonly programs: readonly LoadedProgram[];
  readonly structOpsValues: ReadonlyMap<number, Uint8Array>;
  readonly #kernel: Kernel;
  readonly #log: DiagnosticLog;
  #usdtSpecs = 0;

  constructor(kernel: Kernel, parts: LoadedParts) {
    this.#kernel = kernel;
    this.#log = parts.log;
    this.spec = parts.spec;
    this.btf = parts.btfFd > 0 ? new BtfObject(kernel, parts.btfFd, { isKnown: true }) : undefined;
    this.maps = parts.maps.map((made) => new LoadedMap(kernel, made));
    this.programs = parts.programs.map((made) => new LoadedProgram(kernel, made));
    this.structOpsValues = parts.structOpsValues;
  }

  /** Index of an unused element of `__bpf_usdt_specs`. None is used twice: links that need them may be pinned. */
  takeUsdtSpec(): number {
    return this.#usdtSpecs++;
  }

  program(name: string): LoadedProgram | undefined {
    return this.programs.find((program) => program.name === name);
  }

  map(name: string): LoadedMap | undefined {
    return this.maps.find((map) => map.name === name);
  }

  /** Pins one program at `path`, making its directory. ObjectError, after libbpf's warnings. */
  pinProgram(program: LoadedProgram, path: string): void {
    pinProgram({ kernel: this.#kernel, log: this.#log }, program, path);
  }

  /**
   * Pins every entry point as `directory/name`: all or none. ObjectError, after libbpf's warnings, also for those that
   * were not loaded.
   */
  pinPrograms(directory: string): void {
    const undo: (() => void)[] = [];
    allOrNone(undo, () => {
      for (const spec of this.spec.programs) {
        if (spec.subprogram) continue;
        const path = `${directory}/${spec.name}`;
        const program = this.programs.find((candidate) => candidate.spec === spec);
        if (!program) {
          throw failure(this.#log, Errno.EINVAL, `prog '${spec.name}': can't pin program that wasn't loaded`);
        }
        this.pinProgram(program, path);
        undo.push(() => this.#unpin(spec.name, path));
      }
    });
  }

  /** Removes what `pinPrograms` made. */
  unpinPrograms(directory: string): void {
    for (const program of this.programs) this.#unpin(program.name, `${directory}/${program.name}`);
  }

  #unpin(name: string, path: string): void {
    this.#kernel.unlink(path);
    tell(this.#log, () => `prog '${name}': unpinned from '${path}'`);
  }

  /** Pins every map as `directory/name`, dots as underscores: all or none. ObjectError, after libbpf's warnings. */
  pinMaps(directory: string): void {
    const undo: (() => void)[] = [];
    allOrNone(undo, () => {
      for (const map of this.maps) {
        pinMap({ kernel: this.#kernel, log: this.#log }, map, mapPinPath(directory, map.name));
        undo.push(() => this.#unpinMap(map));
      }
    });
  }

  #unpinMap(map: LoadedMap): void {
    if (map.pinPath !== undefined) {
      this.#kernel.unlink(map.pinPath);
      tell(this.#log, () => `unpinned map '${map.name}' from '${map.pinPath}'`);
    }
    map.pinned = false;
  }

  /** Closes all of it; again, nothing. What is pinned, attached or otherwise referenced stays in the kernel. */
  close(): void {
    for (const program of this.programs) program.close();
    for (const map of this.maps) map.close();
    this.btf?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Takes back what `steps` had done, last first, where it throws. */
function allOrNone(undo: readonly (() => void)[], steps: () => void): void {
  try {
    steps();
  } catch (error) {
    for (const step of undo.toReversed()) step();
    throw error;
  }
}

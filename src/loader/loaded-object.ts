import { type DiagnosticLog, type ObjectSpec, tell } from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';
import { BtfObject } from '../kernel/index.ts';
import { LoadedMap, type MadeMap } from './loaded-map.ts';
import { LoadedProgram, type MadeProgram } from './loaded-program.ts';
import { mapPinPath, pinMap, pinProgram } from './pin.ts';

interface Parts {
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

  constructor(kernel: Kernel, parts: Parts) {
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

  /** Pins one program at `path`, making its directory. 0 or -errno, after libbpf's warnings. */
  pinProgram(program: LoadedProgram, path: string): number {
    return pinProgram({ kernel: this.#kernel, log: this.#log }, program, path);
  }

  /** Pins every entry point as `directory/name`, those that were not loaded being an error. All or none. 0 or -errno. */
  pinPrograms(directory: string): number {
    const done: { name: string; path: string }[] = [];
    for (const spec of this.spec.programs) {
      if (spec.subprogram) continue;
      const path = `${directory}/${spec.name}`;
      const program = this.programs.find((candidate) => candidate.spec === spec);
      let result: number;
      if (program) {
        result = this.pinProgram(program, path);
      } else {
        this.#log('warn', `prog '${spec.name}': can't pin program that wasn't loaded`);
        result = -22;
      }
      if (result < 0) {
        for (const { name, path } of done.reverse()) this.#unpin(name, path);
        return result;
      }
      done.push({ name: spec.name, path });
    }
    return 0;
  }

  /** Removes what `pinPrograms` made. */
  unpinPrograms(directory: string): void {
    for (const program of this.programs) this.#unpin(program.name, `${directory}/${program.name}`);
  }

  #unpin(name: string, path: string): void {
    this.#kernel.unlink(path);
    tell(this.#log, () => `prog '${name}': unpinned from '${path}'`);
  }

  /** Pins every map as `directory/name`, dots as underscores. All or none. 0 or -errno. */
  pinMaps(directory: string): number {
    const done: LoadedMap[] = [];
    for (const map of this.maps) {
      const result = pinMap({ kernel: this.#kernel, log: this.#log }, map, mapPinPath(directory, map.name));
      if (result < 0) {
        for (const made of done.reverse()) {
          if (made.pinPath !== undefined) {
            this.#kernel.unlink(made.pinPath);
            tell(this.#log, () => `unpinned map '${made.name}' from '${made.pinPath}'`);
          }
          made.pinned = false;
        }
        return result;
      }
      done.push(map);
    }
    return 0;
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

// Small live objects with any names, made without an object file; what is opened through a scope is closed with it.
import {
  createLink,
  createMap,
  type LinkRequest,
  loadProgram,
  type MapRequest,
  pinFd,
  updateElement,
} from '../../../src/bpf/index.ts';
import { assemble, encodeInstructions, op } from '../../../src/insn/index.ts';
import { Fd, type Kernel, openKernel } from '../../../src/kernel/index.ts';
import { checkResult } from '../../../src/sys/index.ts';
import { bpf_map_type, bpf_prog_type } from '../../../src/uapi/index.ts';

export const kernel: Kernel = openKernel();

interface ProgramChoice {
  readonly maps?: readonly Fd[];
  readonly type?: number;
  readonly expectedAttachType?: number;
  readonly result?: number;
}

/** Opens objects, and closes and unpins them at its end. */
export class Scope implements Disposable {
  readonly #opened: Fd[] = [];
  readonly #pins: string[] = [];
  readonly #used: Disposable[] = [];
  readonly #programs = new Map<string, Fd>();

  #own(call: string, fd: number): Fd {
    const opened = new Fd(kernel, checkResult(call, fd));
    this.#opened.push(opened);
    return opened;
  }

  map(request: Partial<MapRequest> & { name: string }): Fd {
    return this.#own(
      'create map',
      createMap(kernel, { type: bpf_map_type.BPF_MAP_TYPE_HASH, maxEntries: 8, ...request }),
    );
  }

  /** A program that returns `result` and names the maps. */
  program(name: string, { maps = [], type, result = 0, ...more }: ProgramChoice = {}): Fd {
    const statements = [...maps.map((map) => op.mapAddress('r1', map.number)), op.alu('=', 'r0', result), op.exit()];
    const code = encodeInstructions(assemble(statements).instructions);
    const program = this.#own(
      'load program',
      loadProgram(kernel, { code, name, type: type ?? bpf_prog_type.BPF_PROG_TYPE_SOCKET_FILTER, ...more }),
    );
    this.#programs.set(name, program);
    return program;
  }

  /** A program that this has loaded. */
  programNamed(name: string): Fd {
    return this.#programs.get(name)!;
  }

  link(request: LinkRequest): Fd {
    return this.#own('create link', createLink(kernel, request));
  }

  pin(object: Fd, path: string): void {
    checkResult(`pin ${path}`, pinFd(kernel, object.number, path));
    this.#pins.push(path);
  }

  /** Closes this descriptor, too, at its end; throws if it is -errno. */
  keep(fd: number): Fd {
    return this.#own('open', fd);
  }

  /** Disposes of this, too, at its end. */
  use(one: Disposable): void {
    this.#used.push(one);
  }

  set(map: Fd, key: number, object: Fd): void {
    this.setNumbers(map, key, [object.number]);
  }

  /** Sets an element of 32-bit numbers. */
  setNumbers(map: Fd, key: number, numbers: readonly number[]): void {
    const [keyBytes, value] = [Uint32Array.of(key), Uint32Array.from(numbers)];
    const element = { key: new Uint8Array(keyBytes.buffer), value: new Uint8Array(value.buffer) };
    checkResult('update map', updateElement(kernel, map.number, element));
  }

  [Symbol.dispose](): void {
    for (const one of this.#used.splice(0)) one[Symbol.dispose]();
    for (const path of this.#pins.splice(0)) kernel.unlink(path);
    for (const fd of this.#opened.splice(0)) fd.close();
  }
}

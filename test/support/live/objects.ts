// Fixtures as loaded objects: what a test loads, attaches and counts goes away with its scope.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { testRun } from '../../../src/kernel/index.ts';
import { type AttachContext, type LoadedObject, loadObject, type LoadOptions } from '../../../src/loader/index.ts';
import { parseObject } from '../../../src/object/index.ts';
import { type Kernel, openKernel } from '../../../src/sys/index.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../../..');

/** A loaded fixture, with what was said while it was loaded and attached. */
export interface LoadedFixture extends Disposable {
  readonly object: LoadedObject;
  readonly context: AttachContext;
  readonly told: string[];
  /** The number in a global variable. */
  count(variable: string): number;
  /** What a program returns for a packet of 64 zero bytes. */
  run(program: string): number;
}

export const kernel: Kernel = openKernel();

export function loadFixture(name: string, options: LoadOptions = {}): LoadedFixture {
  const file = path.join(project, 'test/fixtures/objects', `${name}.bpf.o`);
  const told: string[] = [];
  const log = (level: string, text: string) => void (level === 'warn' && told.push(text));
  const spec = parseObject(readFileSync(file), { path: file, log });
  const object = loadObject(kernel, spec, { log, ...options });
  return {
    object,
    told,
    context: { kernel, log, object },
    count: (variable) => {
      const found = spec.variables.find((candidate) => candidate.name === variable)!;
      const loaded = object.maps.find((map) => map.spec === spec.maps[found.map])!;
      const map = loaded;
      const value = map.lookup(new Uint8Array(4))!;
      return new DataView(value.buffer).getInt32(found.offset, true);
    },
    run: (program) => {
      const opened = object.program(program)!;
      const result = testRun(opened, { data: new Uint8Array(64), repeat: 1 });
      if (typeof result === 'number') throw Object.assign(new Error(`running ${program}`), { errno: -result });
      return result.returnValue;
    },
    [Symbol.dispose]: () => object.close(),
  };
}

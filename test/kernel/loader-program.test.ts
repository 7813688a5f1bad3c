import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  addSigner,
  makeLoaderProgram,
  readSigner,
  runLoaderProgram,
  signLoader,
  tryLoaderProgram,
} from '../../src/loader/index.ts';
import { BpfMap, BpfProgram, objectIds } from '../../src/kernel/index.ts';
import { parseObject, variableContents } from '../../src/object/index.ts';
import { type Kernel, openKernel } from '../../src/sys/index.ts';
import { bpf_cmd, type NativeStruct } from '../../src/uapi/index.ts';
import { FeatureMissing, kernelAtLeast, mayBeMissing } from '../support/feature.ts';

const kernel = openKernel();
const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) kernel.close(fd);
  expect(descriptors()).toEqual([]);
});

function parse(name: string) {
  const file = path.resolve(import.meta.dirname, `../fixtures/objects/${name}.bpf.o`);
  return parseObject(readFileSync(file), { path: file });
}

/** What is open of BPF in this process. */
function descriptors(): string[] {
  const targets = kernel.listDirectory('/proc/self/fd').map((name) => {
    try {
      return kernel.readLink(`/proc/self/fd/${name}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => /bpf|btf/.test(target));
}

/** Fails the `nth` bpf(2) call, or hands it on. */
function failing(nth: number, errno: number): { kernel: Kernel; commands: number[] } {
  const commands: number[] = [];
  const bpf = (command: number, attr: NativeStruct) => {
    commands.push(command);
    return commands.length === nth ? -errno : kernel.bpf(command, attr);
  };
  const faulty = new Proxy(kernel, {
    get: (target, name) => {
      if (name === 'bpf') return bpf;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { kernel: faulty, commands };
}

// Before there are programs of type syscall, or the kernel does not apply relocations itself.
const tooOld = !kernelAtLeast('5.17');

describe.skipIf(tooOld)('a loader program that runs', () => {
  it('hands over the maps and programs of the object', () => {
    const spec = parse('globals');
    const loader = makeLoaderProgram(kernel, spec);
    const run = runLoaderProgram(kernel, loader);
    open.push(...run.maps, ...run.programs);
    expect(run.maps).toHaveLength(spec.maps.length);
    expect(run.programs).toHaveLength(1);
    const program = new BpfProgram(kernel, kernel.duplicate(run.programs[0]!));
    expect(program.info().name).toBe('use_all');
    program.close();
    for (const [index, fd] of run.maps.entries()) {
      const map = new BpfMap(kernel, kernel.duplicate(fd));
      const info = map.info();
      expect(info).toMatchObject({ type: spec.maps[index]!.type, valueSize: spec.maps[index]!.valueSize });
      map.close();
    }
  });

  it('fills maps with what it is given', () => {
    const spec = parse('set-variables');
    const contents = variableContents(spec, { counter: -7 });
    const run = runLoaderProgram(kernel, makeLoaderProgram(kernel, spec, { contents }));
    open.push(...run.maps, ...run.programs);
    const [index, wanted] = [...contents][0]!;
    const map = new BpfMap(kernel, kernel.duplicate(run.maps[index]!));
    expect(map.lookup(new Uint8Array(4))).toEqual(wanted);
    map.close();
  });

  it('leaves no map and no program of its own', async () => {
    const before = new Set([...objectIds(kernel, 'map'), ...objectIds(kernel, 'prog')]);
    const run = runLoaderProgram(kernel, makeLoaderProgram(kernel, parse('globals')));
    for (const fd of [...run.maps, ...run.programs]) kernel.close(fd);
    const isLeft = (id: number) => !before.has(id);
    // The kernel lets go of a program's maps a little later.
    const end = Date.now() + 10_000;
    const left = () => [...objectIds(kernel, 'map'), ...objectIds(kernel, 'prog')].filter(isLeft);
    while (left().length > 0 && Date.now() < end) await new Promise((resolve) => void setTimeout(resolve, 50));
    expect(left()).toEqual([]);
  });
});

describe.skipIf(tooOld)('a loader program that fails', () => {
  it('returns the verifier’s error and its log', () => {
    const log = new Uint8Array(1 << 20);
    const run = tryLoaderProgram(kernel, makeLoaderProgram(kernel, parse('rejected')), { log });
    expect(run).toEqual({ result: -13, failure: 'error returned by loader prog', leaked: 0, maps: [], programs: [] });
    expect(Buffer.from(log).toString('latin1')).toContain('invalid access to packet');
  });

  it('leaves nothing, whichever call is refused', () => {
    const loader = makeLoaderProgram(kernel, parse('globals'));
    const failures = [
      [bpf_cmd.BPF_MAP_CREATE, 'failed to create loader map'],
      [bpf_cmd.BPF_MAP_UPDATE_ELEM, 'failed to update loader map'],
      [bpf_cmd.BPF_MAP_FREEZE, 'failed to freeze map'],
      [bpf_cmd.BPF_PROG_LOAD, 'failed to load loader prog'],
      [bpf_cmd.BPF_PROG_TEST_RUN, 'failed to execute loader prog'],
    ] as const;
    for (const [index, [command, failure]] of failures.entries()) {
      const faulty = failing(index + 1, 12);
      const run = tryLoaderProgram(faulty.kernel, loader);
      expect(faulty.commands.at(-1)).toBe(command);
      expect(run).toEqual({ result: -12, failure, leaked: 0, maps: [], programs: [] });
      expect(descriptors()).toEqual([]);
    }
  });

  it('does so without the type that a relocation wants', () => {
    const loader = makeLoaderProgram(kernel, parse('core-unresolved'));
    expect(tryLoaderProgram(kernel, loader)).toMatchObject({ result: -22, leaked: 0 });
    expect(() => runLoaderProgram(kernel, loader)).toThrow(
      expect.objectContaining({
        name: 'SyscallError',
        errno: 22,
        message: 'loader program: error returned by loader prog: Invalid argument (EINVAL)',
      }),
    );
  });
});

describe.skipIf(!kernelAtLeast('6.18'))('a signed loader program', () => {
  const read = (name: string) => readFileSync(path.resolve(import.meta.dirname, '../fixtures/signing', name));
  const eopnotsupp = 95;

  function run(change: (data: Uint8Array) => void) {
    const signer = readSigner(read('key.pem'), read('certificate.pem'));
    addSigner(kernel, signer, 'tsbpftool tests');
    const loader = makeLoaderProgram(kernel, parse('globals'), { signed: true });
    const signature = signLoader(loader, signer);
    change(loader.data);
    const result = tryLoaderProgram(kernel, loader, { signature });
    open.push(...result.maps, ...result.programs);
    return result;
  }

  it('loads the object, and not with other data', (context) => {
    const { result, failure, maps } = run(() => undefined);
    if (result === -eopnotsupp) {
      const missing = new FeatureMissing('this kernel is built without the verification of signatures');
      if (mayBeMissing(missing)) context.skip(missing.message);
    }
    expect({ result, failure }).toEqual({ result: 0, failure: undefined });
    expect(maps.length).toBeGreaterThan(0);
    const forged = run((data) => void data.set([~data.at(-1)!], data.length - 1));
    expect(forged).toMatchObject({ failure: 'failed to load loader prog', maps: [], programs: [] });
  });
});

import { readdirSync } from 'node:fs';
import { TsbpfError } from '../../src/errors/index.ts';
import { loadObject } from '../../src/loader/index.ts';
import { type ObjectSpec, parseObject } from '../../src/object/index.ts';
import type { Kernel } from '../../src/sys/index.ts';
import { bpf_map_type } from '../../src/uapi/index.ts';
import type { ObjectSeed } from './object-mutants.ts';

/** Bytes of maps that a mutant may ask the kernel for; beyond that the memory of the machine is at stake. */
const mostMemory = 1 << 26;
const pageSize = 4096;

/**
 * Loads a mutant into the running kernel and closes it again. Only errors of ours may come out, no file descriptor and
 * no pin may be left. False if the mutant was not loaded: it is no object, or asks for too much memory.
 */
export function loadMutant(kernel: Kernel, { file, bytes }: { file: ObjectSeed; bytes: Uint8Array }): boolean {
  const before = readdirSync('/proc/self/fd').length;
  let isLoaded = false;
  try {
    const spec = parseObject(bytes, { path: file.name, pinRoot: '/sys/fs/bpf' });
    if (memoryOf(spec) > mostMemory) return false;
    isLoaded = true;
    using object = loadObject(kernel, spec);
    for (const map of object.maps) if (map.pinPath !== undefined) kernel.unlink(map.pinPath);
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
  }
  const after = readdirSync('/proc/self/fd').length;
  if (after !== before) throw new Error(`${file.name}: ${after - before} descriptors are left open`);
  const pins = readdirSync('/sys/fs/bpf').filter((name) => !name.endsWith('.debug'));
  if (pins.length > 0) throw new Error(`${file.name}: pins are left: ${pins.join(', ')}`);
  return isLoaded;
}

function memoryOf(spec: ObjectSpec): number {
  let sum = 0;
  for (const map of spec.maps.flatMap((one) => (one.inner ? [one, one.inner] : [one]))) {
    // Elements, their bookkeeping, a page for each where pages are what is counted; hash tables round up.
    sum += map.maxEntries * (map.keySize + map.valueSize + 128) * 2;
    if (map.keySize === 0 || map.valueSize === 0) sum += map.maxEntries * 2;
    if (map.origin === 'user' && map.type === bpf_map_type.BPF_MAP_TYPE_ARENA) sum += map.maxEntries * pageSize;
  }
  return sum;
}

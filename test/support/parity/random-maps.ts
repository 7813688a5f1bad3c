// Maps of random types with random elements, and what both programs print of them.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { possibleCpus } from '../../../src/host/index.ts';
import { bpf_map_type } from '../../../src/uapi/index.ts';
import { Assembly, type Leaf, type Placed } from '../btf/assemble.ts';
import { type Fill, fill, fillStyles } from '../btf/fill.ts';
import { anyShape, type CompositeShape, type Shape, type ShapeOptions, wideStruct } from '../btf/shapes.ts';
import { closeFds, createTypedMap, kernel, loadBtf, pinFd, updateElement } from './fixtures/raw.ts';
import { run } from './programs.ts';
import type { World } from './world.ts';

const mapTypes = {
  hash: bpf_map_type.BPF_MAP_TYPE_HASH,
  array: bpf_map_type.BPF_MAP_TYPE_ARRAY,
  lru_hash: bpf_map_type.BPF_MAP_TYPE_LRU_HASH,
  percpu_hash: bpf_map_type.BPF_MAP_TYPE_PERCPU_HASH,
  percpu_array: bpf_map_type.BPF_MAP_TYPE_PERCPU_ARRAY,
  lru_percpu_hash: bpf_map_type.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  lpm_trie: bpf_map_type.BPF_MAP_TYPE_LPM_TRIE,
  /** An array of one element without key types, as the global variables of an object are. */
  section: bpf_map_type.BPF_MAP_TYPE_ARRAY,
};

export interface RandomMap {
  type: keyof typeof mapTypes;
  key: Shape;
  value: CompositeShape;
  /** The value is the first member's type instead of the struct. */
  bare: boolean;
  /** One element each. */
  fills: Fill[];
  /** Order of the types in the BTF; 0: as made. */
  shuffle: number;
}

export function randomMap(kinds: ShapeOptions['kinds']): fc.Arbitrary<RandomMap> {
  return fc.oneof(
    { weight: 9, arbitrary: mapOf({ unprintable: false, lossy: true, kinds }) },
    { weight: 1, arbitrary: mapOf({ unprintable: true, lossy: true, kinds }) },
  );
}

function mapOf(options: ShapeOptions): fc.Arbitrary<RandomMap> {
  return fc.record({
    type: fc.constantFrom<RandomMap['type']>(
      ...(['hash', 'hash', 'array', 'array', 'lru_hash', 'percpu_hash', 'percpu_array'] as const),
      ...(['lru_percpu_hash', 'lpm_trie', 'section'] as const),
    ),
    key: anyShape(options, 2),
    value: wideStruct(options, 18),
    bare: fc.integer({ min: 0, max: 4 }).map((chance) => chance === 4),
    fills: fc.array(fc.record({ style: fc.constantFrom(...fillStyles), seed: fc.nat() }), {
      minLength: 1,
      maxLength: 4,
    }),
    shuffle: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9999 })),
  });
}

interface Element {
  key: Uint8Array;
  value: Uint8Array;
}

interface MadeMap {
  pin: string;
  elements: Element[];
  /** Random types in its key and value. */
  typeCount: number;
  /** Types in its BTF. */
  recordCount: number;
  /** Char values that were `"` or `\`, which the reference prints as no JSON: changed before they came into the map. */
  charsChanged: number;
}

export interface Mismatch {
  map: RandomMap;
  words: string[];
  reference: string;
  ours: string;
  bytes: string[];
}

export class RandomMaps {
  readonly counts = { maps: 0, types: 0, records: 0, elements: 0, charsChanged: 0, refusals: 0 };
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Dumps and looks up all maps with both programs in the three formats; answers the first map they disagree about. */
  async compare(maps: readonly RandomMap[]): Promise<Mismatch | undefined> {
    const made: MadeMap[] = [];
    try {
      for (const map of maps) made.push(this.#mustMake(map, made.length));
      for (const words of [[], ['-j'], ['-p']]) {
        const [reference, ours] = await this.#print(made, words);
        if (reference === ours) continue;
        for (const [index, one] of made.entries()) {
          const [expected, found] = await this.#print([one], words);
          if (expected === found) continue;
          const bytes = one.elements.map(({ key, value }) => `${hex(key)} = ${hex(value)}`);
          return { map: maps[index]!, words, reference: expected, ours: found, bytes };
        }
        throw new Error(`outputs of ${maps.length} maps differ (${words.join(' ')}), those of each map alone do not`);
      }
      this.#count(made);
      return undefined;
    } finally {
      for (const { pin } of made) kernel().unlink(pin);
    }
  }

  #count(made: readonly MadeMap[]): void {
    this.counts.maps += made.length;
    for (const map of made) {
      this.counts.types += map.typeCount;
      this.counts.records += map.recordCount;
      this.counts.elements += map.elements.length;
      this.counts.charsChanged += map.charsChanged;
    }
  }

  async #print(maps: readonly MadeMap[], format: string[]): Promise<[reference: string, ours: string]> {
    const file = path.join(this.#world.tmp, 'random-maps');
    const lines = maps.flatMap(({ pin, elements }) => [
      `map dump pinned ${pin}`,
      ...elements.slice(0, 1).map(({ key }) => `map lookup pinned ${pin} key hex ${hex(key)}`),
    ]);
    writeFileSync(file, `${lines.join('\n')}\n`);
    const argv = [...format, 'batch', 'file', file];
    const outcomes = await Promise.all([
      run(this.#world.programs.reference, argv),
      run(this.#world.programs.ours, argv),
    ]);
    const [reference, ours] = outcomes.map(({ stdout, stderr, status }) => `${stdout}${stderr}exit ${status}`);
    return [format.length === 0 ? reference! : this.#quoteRefusals(reference!), ours!];
  }

  /** Documented difference: what the reference says of a kind it cannot print is no JSON. */
  #quoteRefusals(text: string): string {
    return text.replace(/\(unsupported-kind\)/g, (refusal) => {
      this.counts.refusals++;
      return `"${refusal}"`;
    });
  }

  #mustMake(map: RandomMap, index: number): MadeMap {
    try {
      return this.#make(map, index);
    } catch (cause) {
      throw new Error(`${(cause as Error).message}\ntype: ${fc.stringify(map)}`, { cause });
    }
  }

  #make(map: RandomMap, index: number): MadeMap {
    const assembly = new Assembly();
    const type = mapTypes[map.type];
    const key = placeKey(assembly, map);
    const value = placeValue(assembly, map);
    const { bytes, idOf } = assembly.finish(map.shuffle);
    const maxEntries = map.type === 'section' ? 1 : Math.max(1, map.fills.length);
    const pin = `${this.#world.pins}/random${index}`;
    const btf = loadBtf(bytes);
    let fd = -1;
    try {
      fd = createTypedMap({
        ...{ type, name: 'tsb_random', keySize: key.size, valueSize: value.size, maxEntries },
        ...{ flags: map.type === 'lpm_trie' ? 1 : 0, btfFd: btf },
        ...{ keyTypeId: key.type === 0 ? 0 : idOf(key), valueTypeId: idOf(value) },
      });
      const made = { pin, ...fillMap(fd, map, key, value) };
      pinFd(fd, pin);
      return { ...made, typeCount: countTypes(map), recordCount: assembly.typeCount };
    } finally {
      closeFds(btf, ...(fd < 0 ? [] : [fd]));
    }
  }
}

function placeKey(assembly: Assembly, { type, key }: RandomMap): Placed {
  if (type === 'section') return { type: 0, size: 4, leaves: [] };
  if (type === 'array' || type === 'percpu_array') return assembly.placeIndex();
  const placed = assembly.place(type === 'lpm_trie' ? structOf(key, 5) : key);
  const least = type === 'lpm_trie' ? 5 : 1;
  if (placed.size >= least && placed.size <= (type === 'lpm_trie' ? 260 : 400)) return placed;
  return assembly.place(structOf({ kind: 'again', pick: 0 }, 8));
}

/** A struct of one member and at least `least` bytes. */
function structOf(shape: Shape, least: number): CompositeShape {
  const members = [{ shape, gap: 0, width: 0, anonymous: false }];
  return { kind: 'struct', members, kindFlag: false, tail: least, named: true };
}

function placeValue(assembly: Assembly, { type, value, bare }: RandomMap): Placed {
  if (type === 'section') return assembly.placeSection(value.members.map(({ shape }) => shape));
  const [first] = value.members;
  if (bare && first !== undefined) {
    const placed = assembly.place(first.shape);
    if (placed.size > 0) return placed;
  }
  const placed = assembly.place(value);
  return placed.size > 0 ? placed : assembly.place({ ...value, tail: 1 });
}

function countTypes({ type, value, bare }: RandomMap): number {
  const keys = type === 'section' || type === 'array' || type === 'percpu_array' ? 0 : 1;
  return keys + (bare && type !== 'section' ? 1 : value.members.length);
}

function fillMap(fd: number, map: RandomMap, key: Placed, value: Placed): Pick<MadeMap, 'elements' | 'charsChanged'> {
  const isPerCpu = map.type.includes('percpu');
  const isArray = map.type.includes('array') || map.type === 'section';
  const copies = isPerCpu ? possibleCpus(kernel()) : 1;
  const stride = isPerCpu ? Math.ceil(value.size / 8) * 8 : value.size;
  let charsChanged = 0;
  const bytesOf = ({ size, leaves }: Placed, how: Fill) => {
    const bytes = fill(size, leaves, how);
    charsChanged += changeChars(bytes, leaves);
    return bytes;
  };
  const elements = map.fills.slice(0, map.type === 'section' ? 1 : undefined).map((how, index) => {
    let keyBytes: Uint8Array = new Uint8Array(4);
    if (isArray) new DataView(keyBytes.buffer, keyBytes.byteOffset).setUint32(0, index, true);
    else keyBytes = bytesOf(key, { ...how, seed: how.seed ^ 0x5555 });
    if (map.type === 'lpm_trie') {
      new DataView(keyBytes.buffer, keyBytes.byteOffset).setUint32(0, how.seed % ((key.size - 4) * 8 + 1), true);
      charsChanged += changeChars(
        keyBytes,
        key.leaves.filter(({ bit }) => bit >= 32),
      );
    }
    const all = new Uint8Array(stride * copies);
    for (let cpu = 0; cpu < copies; cpu++) all.set(bytesOf(value, { ...how, seed: how.seed + cpu }), cpu * stride);
    updateElement(fd, keyBytes, all);
    return { key: keyBytes, value: all };
  });
  return { elements, charsChanged };
}

/** Documented difference: the reference prints the char values `"` and `\` as no JSON. They become `!`. */
function changeChars(bytes: Uint8Array, leaves: readonly Leaf[]): number {
  let count = 0;
  for (const { kind, bit } of leaves) {
    const at = bit >> 3;
    if (kind !== 'char' || (bytes[at] !== 0x22 && bytes[at] !== 0x5c)) continue;
    bytes[at] = 0x21;
    count++;
  }
  return count;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

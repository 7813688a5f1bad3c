import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  BtfBuilder,
  compileValueDecoder,
  compileValuePrinter,
  dumpC,
  findInvalidType,
  funcPrototype,
  jsonSchemaFor,
  parseBtf,
  parseBtfExt,
  rawJson,
  rawText,
  trySizeOf,
  type ValueSink,
} from '../../src/btf/index.ts';
import { TsbpfError } from '../../src/errors/index.ts';

/** BTF with one type of every kind, small enough that each byte is hit often. */
export function sampleBtf(littleEndian: boolean): Uint8Array {
  const b = new BtfBuilder({ littleEndian });
  const int = b.add({
    kind: 'int',
    name: 'int',
    size: 4,
    bits: 32,
    signed: true,
    bitOffset: 0,
    char: false,
    bool: false,
  });
  const char = b.add({
    kind: 'int',
    name: 'char',
    size: 1,
    bits: 8,
    signed: true,
    bitOffset: 0,
    char: false,
    bool: false,
  });
  const text = b.add({ kind: 'array', name: '', elementTypeId: char, indexTypeId: int, length: 8 });
  const at = (name: string, typeId: number, bitOffset: number, bitSize = 0) => ({ name, typeId, bitOffset, bitSize });
  const union = b.add({
    kind: 'union',
    name: '',
    size: 8,
    kindFlag: false,
    members: [at('i', int, 0), at('t', text, 0)],
  });
  const values = [{ name: 'ONE', value: 1 }];
  const small = b.add({ kind: 'enum', name: 'small', size: 4, signed: true, values });
  const wide = b.add({
    kind: 'enum64',
    name: 'wide',
    size: 8,
    signed: false,
    values: [{ name: 'BIG', value: 2n ** 63n }],
  });
  const fwd = b.add({ kind: 'fwd', name: 'later', isUnion: false });
  const ptr = b.add({ kind: 'ptr', name: '', typeId: fwd, kindFlag: false });
  const constant = b.add({ kind: 'const', name: '', typeId: ptr, kindFlag: false });
  const tag = b.add({ kind: 'type_tag', name: 'rcu', typeId: int, kindFlag: false });
  const float = b.add({ kind: 'float', name: 'double', size: 8 });
  const members = [
    at('u', union, 0),
    at('s', small, 64),
    at('bits', int, 96, 5),
    at('w', wide, 128),
    at('p', constant, 192),
    at('f', float, 256),
    at('g', tag, 320),
  ];
  const struct = b.add({ kind: 'struct', name: 'all', size: 48, kindFlag: true, members });
  const alias = b.add({ kind: 'typedef', name: 'all_t', typeId: struct, kindFlag: false });
  const proto = b.add({ kind: 'func_proto', name: '', returnTypeId: int, params: [{ name: 'a', typeId: alias }] });
  const func = b.add({ kind: 'func', name: 'run', typeId: proto, linkage: 1 });
  const variable = b.add({ kind: 'var', name: 'v', typeId: alias, linkage: 1 });
  b.add({ kind: 'datasec', name: '.data', size: 48, vars: [{ typeId: variable, offset: 0, size: 48 }] });
  b.add({ kind: 'decl_tag', name: 'bpf_kfunc', typeId: func, componentIndex: -1, kindFlag: false });
  return b.finish();
}

const pinned = new Uint8Array(readFileSync(new URL('../../scripts/uapi/linux-7.3.btf', import.meta.url)));

export const seeds: readonly Uint8Array[] = [sampleBtf(true), sampleBtf(false)];

type Edit = { at: number; how: 'byte' | 'word' | 'cut' | 'copy'; value: number };

export const edits = fc.array(
  fc.record({
    at: fc.nat({ max: 0xffff }),
    how: fc.constantFrom<Edit['how']>('byte', 'word', 'word', 'cut', 'copy'),
    value: fc.oneof(fc.nat({ max: 32 }), fc.constantFrom(0x7fffffff, 0xffffffff, 0x80000000, 0x84000001), fc.nat()),
  }),
  { minLength: 1, maxLength: 6 },
);

export function mutate(seed: Uint8Array, changes: readonly Edit[]): Uint8Array {
  let bytes = seed.slice();
  for (const { at, how, value } of changes) {
    if (bytes.length < 4) break;
    const place = at % (bytes.length - 3);
    const view = new DataView(bytes.buffer);
    if (how === 'byte') bytes[place] = value;
    else if (how === 'word') view.setUint32(place & ~3, value, true);
    else if (how === 'cut') bytes = bytes.slice(0, Math.max(4, bytes.length - (value % 64)));
    else bytes.copyWithin(place, value % bytes.length, (value % bytes.length) + 16);
  }
  return bytes;
}

/** Everything the library does with BTF; only its own errors may come out. */
export function exercise(bytes: Uint8Array): void {
  tolerate(() => parseBtfExt(bytes));
  tolerate(() => {
    const btf = parseBtf(bytes);
    findInvalidType(btf);
    tolerate(() => dumpC(btf, { sorted: true, write: () => {} }));
    for (let id = 0; id <= btf.typeCount; id++) exerciseType(btf, id);
  });
}

export function exercisePinned(changes: readonly Edit[]): void {
  tolerate(() => {
    const btf = parseBtf(mutate(pinned, changes));
    findInvalidType(btf);
    dumpC(btf, { write: () => {} });
  });
}

function exerciseType(btf: ReturnType<typeof parseBtf>, id: number): void {
  tolerate(() => {
    const type = btf.mustType(id);
    rawText(btf, type);
    rawJson(btf, type, { pretty: true, depth: 2 });
  });
  tolerate(() => funcPrototype(btf, id));
  const size = (() => {
    try {
      return trySizeOf(btf, id) ?? 0;
    } catch {
      return 0;
    }
  })();
  if (size > 4096) return;
  tolerate(() => jsonSchemaFor(btf, id));
  tolerate(() => compileValueDecoder(btf, id)(new Uint8Array(size)));
  for (const plain of [true, false]) {
    const sink: ValueSink = {
      buf: new Uint8Array(1 << 20),
      pos: 0,
      reserve(n) {
        if (n > this.buf.length) this.buf = new Uint8Array(n);
        this.pos = 0;
      },
    };
    tolerate(() => compileValuePrinter(btf, id, { plain, pretty: plain, depth: 1 })(sink, new Uint8Array(size), 0));
    if (sink.pos > sink.buf.length) throw new Error(`type ${id} wrote beyond the room it asked for`);
  }
}

function tolerate(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
  }
}

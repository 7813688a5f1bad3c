import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  BtfBuilder,
  BtfMerger,
  BtfMinimizer,
  compileValueDecoder,
  compileValuePrinter,
  dedupBtf,
  definitionText,
  dumpC,
  findInvalidType,
  findMember,
  findTypes,
  funcPrototype,
  jsonSchemaFor,
  parseBtf,
  parseBtfExt,
  rawJson,
  rawText,
  tryResolve,
  trySizeOf,
  type ValueSink,
  writeTypeScript,
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

export type Edit = { at: number; how: 'byte' | 'word' | 'cut' | 'copy'; value: number };

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
    for (const step of wholeSteps) tolerate(() => step(btf));
    for (let id = 0; id <= btf.typeCount; id++) tolerate(() => exerciseType(btf, id));
  });
}

type Parsed = ReturnType<typeof parseBtf>;

/** What is done with all types of a BTF at once. */
const wholeSteps: readonly ((btf: Parsed) => void)[] = [
  (btf) => writeTypeScript(btf, { write: () => {} }),
  (btf) => {
    const { bytes } = dedupBtf(btf);
    const problem = findInvalidType(parseBtf(bytes, { base: btf.base }));
    if (problem !== undefined) throw new Error(`deduplication made types that are not sound: ${problem}`);
  },
  (btf) => {
    const merger = new BtfMerger();
    for (let i = 0; i < 2; i++) merger.add(btf);
    dedupBtf(parseBtf(merger.finish()));
  },
  (btf) => {
    const minimizer = new BtfMinimizer(btf);
    for (let id = 1; id <= btf.typeCount; id++) {
      for (const kind of [0, 8, 12]) tolerate(() => minimizer.add({ kind, rootId: id, access: [0, id % 3, 0] }));
    }
    parseBtf(minimizer.finish());
  },
  (btf) => void findTypes(btf, '*a*'),
  (btf) => void findMember(btf, 'all.u.t[1]'),
];

/** Room for printed values, shared: a sink of its own for each type would cost more than the printing. */
const room = new Uint8Array(1 << 20);

export function exercisePinned(changes: readonly Edit[]): void {
  tolerate(() => {
    const btf = parseBtf(mutate(pinned, changes));
    findInvalidType(btf);
    dumpC(btf, { write: () => {} });
  });
}

function exerciseType(btf: Parsed, id: number): void {
  tolerate(() => {
    const type = btf.mustType(id);
    rawText(btf, type);
    rawJson(btf, type, { pretty: true, depth: 2 });
  });
  tolerate(() => definitionText(btf, id));
  tolerate(() => funcPrototype(btf, id));
  const size = trySizeOf(btf, id);
  tolerate(() => jsonSchemaFor(btf, id));
  // Values of hostile types may be as large as they say: compiling must be safe, printing that much is not the question.
  tolerate(() => compileValueDecoder(btf, id));
  if (size === undefined || size > 4096 || scalarsIn(btf, id, 0) > maxScalars) return;
  tolerate(() => compileValueDecoder(btf, id)(new Uint8Array(size)));
  for (const plain of [true, false]) {
    const sink: ValueSink = {
      buf: room,
      view: new DataView(room.buffer, room.byteOffset, room.length),
      pos: 0,
      reserve(n) {
        if (n > this.buf.length) {
          this.buf = new Uint8Array(n);
          this.view = new DataView(this.buf.buffer);
        }
        this.pos = 0;
      },
    };
    tolerate(() => compileValuePrinter(btf, id, { plain, pretty: plain, depth: 1 })(sink, new Uint8Array(size), 0));
    if (sink.pos > sink.buf.length) throw new Error(`type ${id} wrote beyond the room it asked for`);
  }
}

const maxScalars = 1 << 14;

/** How many scalars a value has: elements without size count too. */
function scalarsIn(btf: Parsed, id: number, depth: number): number {
  const type = tryResolve(btf, id);
  if (depth > 16) return maxScalars + 1;
  if (type?.kind === 'array') return Math.max(1, type.length) * scalarsIn(btf, type.elementTypeId, depth + 1);
  let inside: readonly { readonly typeId: number }[] = [];
  if (type?.kind === 'struct' || type?.kind === 'union') inside = type.members;
  else if (type?.kind === 'datasec') inside = type.vars;
  let count = 1;
  for (const { typeId } of inside) {
    count += scalarsIn(btf, typeId, depth + 1);
    if (count > maxScalars) break;
  }
  return count;
}

function tolerate(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
  }
}

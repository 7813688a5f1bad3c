// Sections about kernel objects. r6 is the section, r7 the slot, r9 the item; `Stack.data` has the address of the
// kernel's structure. Offsets of members come from the running kernel's BTF, so that its version does not matter.
import { op, type Statement } from '../../insn/index.ts';
import {
  cacheEntries,
  cacheEntrySize,
  Described,
  ItemFlag,
  ObjectKindNumber,
  perfSystemLength,
  queueEntrySize,
  queueLength,
  referenceSize,
  SectionType,
  Slot,
  PieceSource,
} from '../format.ts';
import { lookUp, type ObjectFilter, type ProgramShape, readKernel, readKernelInto, Stack } from './fragments.ts';

const { alu, at, call, constant, goto, jump, label, load, store } = op;

/** A field of the kernel's and where it goes in an object's section. */
interface Copy {
  readonly from: string;
  readonly to: number;
  readonly size: number;
}

/** A section without facts yet. */
export function begin(kind: number): Statement[] {
  return [
    ...Array.from({ length: Described.size / 8 }, (_, index) => store('u64', at('r6', index * 8), 0)),
    store('u8', at('r6', 0), SectionType.object),
    ...sectionItem(),
    store('u32', at('r6', 4), Described.size - 8),
    load('u32', 'r1', Stack.descriptor),
    store('u32', at('r6', Described.fd), 'r1'),
    store('u32', at('r6', Described.kind), kind),
  ];
}

function sectionItem(): Statement[] {
  return [alu('=', 'r1', 'r9'), store('u16', at('r6', 2), 'r1')];
}

/** Copies the text at `Stack.second`. */
export function textInto(to: number, size: number): Statement[] {
  return [
    load('u64', 'r3', Stack.second),
    alu('=', 'r1', 'r6'),
    alu('+=', 'r1', to),
    alu('=', 'r2', size),
    call('probe_read_kernel_str'),
  ];
}

/** Copies fields of the struct that is at `base`; what lies in one row in both places is copied at once. */
function copies({ layout }: ProgramShape, base: op.Place, fields: readonly Copy[]): Statement[] {
  const rows: { offset: number; to: number; size: number }[] = [];
  for (const { from, to, size } of fields) {
    const offset = layout.at(from);
    if (offset === undefined) continue;
    const last = rows.at(-1);
    if (last && last.offset + last.size === offset && last.to + last.size === to) last.size += size;
    else rows.push({ offset, to, size });
  }
  return rows.flatMap(({ offset, to, size }) => readKernelInto(at('r6', to), { from: base, offset, size }));
}

export const describe: Readonly<
  Record<'map' | 'prog' | 'link' | 'btf' | 'perf', (shape: ProgramShape, end: string) => Statement[]>
> = {
  map: (shape, end) => [
    ...fromCache(shape, end),
    ...begin(ObjectKindNumber.map),
    ...copies(shape, Stack.data, [
      { from: 'bpf_map.id', to: Described.id, size: 4 },
      { from: 'bpf_map.map_type', to: Described.type, size: 4 },
      { from: 'bpf_map.key_size', to: Described.first, size: 4 },
      { from: 'bpf_map.value_size', to: Described.second, size: 4 },
      { from: 'bpf_map.max_entries', to: Described.maxEntries, size: 4 },
      { from: 'bpf_map.map_flags', to: Described.flags, size: 4 },
      { from: 'bpf_map.btf_key_type_id', to: Described.keyType, size: 4 },
      { from: 'bpf_map.btf_value_type_id', to: Described.valueType, size: 4 },
      { from: 'bpf_map.btf_vmlinux_value_type_id', to: Described.vmlinuxValueType, size: 4 },
      { from: 'bpf_map.name', to: Described.name, size: 16 },
    ]),
    // The result is put into the cache with the map, since a reference does not repeat the comparison.
    ...matching(shape, 'map'),
    ...keepMap(shape),
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.data, { from: 'r3', offset: shape.layout.need('bpf_map.btf') }),
    goto('types'),
  ],
  prog: (shape) => [
    ...begin(ObjectKindNumber.prog),
    ...copies(shape, Stack.data, [
      { from: 'bpf_prog.type', to: Described.type, size: 4 },
      { from: 'bpf_prog.expected_attach_type', to: Described.first, size: 4 },
      { from: 'bpf_prog.len', to: Described.second, size: 4 },
      { from: 'bpf_prog.tag', to: Described.wide, size: 8 },
    ]),
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.data, { from: 'r3', offset: shape.layout.need('bpf_prog.aux') }),
    ...copies(shape, Stack.data, [
      { from: 'bpf_prog_aux.id', to: Described.id, size: 4 },
      { from: 'bpf_prog_aux.name', to: Described.name, size: 16 },
    ]),
    ...matching(shape, 'prog'),
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.data, { from: 'r3', offset: shape.layout.need('bpf_prog_aux.btf') }),
    goto('types'),
  ],
  link: (shape) => [
    ...begin(ObjectKindNumber.link),
    ...copies(shape, Stack.data, [
      { from: 'bpf_link.id', to: Described.id, size: 4 },
      { from: 'bpf_link.type', to: Described.type, size: 4 },
    ]),
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.data, { from: 'r3', offset: shape.layout.need('bpf_link.prog') }),
    load('u64', 'r3', Stack.data),
    jump('==', 'r3', 0, 'described'),
    ...readKernel(Stack.data, { from: 'r3', offset: shape.layout.need('bpf_prog.aux') }),
    ...copies(shape, Stack.data, [
      { from: 'bpf_prog_aux.id', to: Described.first, size: 4 },
      { from: 'bpf_prog_aux.name', to: Described.name, size: 16 },
    ]),
    goto('described'),
  ],
  btf: () => [...begin(ObjectKindNumber.btf), goto('types')],
  perf: (shape) => perfEvent(shape),
};

/** A perf event: what it counts, and of tracepoints and probes their group and name. */
function perfEvent(shape: ProgramShape): Statement[] {
  const { layout } = shape;
  return [
    ...begin(ObjectKindNumber.perf),
    ...copies(shape, Stack.data, [
      { from: 'perf_event.attr.type', to: Described.type, size: 4 },
      { from: 'perf_event.attr.config', to: Described.wide, size: 8 },
      { from: 'perf_event.cpu', to: Described.first, size: 4 },
    ]),
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.data, { from: 'r3', offset: layout.need('perf_event.tp_event') }),
    load('u64', 'r3', Stack.data),
    jump('==', 'r3', 0, 'described'),
    ...readKernel(Stack.second, { from: 'r3', offset: layout.need('trace_event_call.class') }),
    load('u64', 'r3', Stack.second),
    ...readKernel(Stack.second, { from: 'r3', offset: layout.need('trace_event_class.system') }),
    ...textInto(Described.name, perfSystemLength),
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.second, { from: 'r3', offset: layout.need('trace_event_call.name') }),
    load('u64', 'r3', Stack.data),
    store('u64', Stack.operations, 0),
    load('u64', 'r3', Stack.second),
    ...readKernel(Stack.operations, { from: 'r3', offset: layout.need('tracepoint.name') }),
    load('u64', 'r1', Stack.operations),
    // Here is a name, or a struct that begins with the address of one: letters have no highest bit, addresses of the kernel do.
    jump('s>=', 'r1', 0, 'perf_name'),
    store('u64', Stack.second, 'r1'),
    label('perf_name'),
    ...textInto(Described.name + perfSystemLength, 64 - perfSystemLength),
    goto('described'),
  ];
}

/** r2: the entry of the slot's cache for this item. */
function cacheEntry(): Statement[] {
  return [
    alu('=', 'r2', 'r9'),
    // Of items that share an entry the last one stays in it.
    alu('&=', 'r2', cacheEntries - 1),
    alu('*=', 'r2', cacheEntrySize),
    alu('+=', 'r2', Slot.cache),
    alu('+=', 'r2', 'r7'),
  ];
}

/** A map that this thread's records had at the same place before is named by its id only. */
function fromCache(shape: ProgramShape, end: string): Statement[] {
  const { layout } = shape;
  return [
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.scratch, { from: 'r3', offset: layout.need('bpf_map.id'), size: 4 }),
    ...cacheEntry(),
    load('u64', 'r1', at('r2', 0)),
    load('u64', 'r3', Stack.data),
    // Address and id have to be the same: memory of a map that ended may be that of another one now.
    jump('!=', 'r1', 'r3', 'map_new'),
    load('u32', 'r1', at('r2', 8)),
    load('u32', 'r3', Stack.scratch),
    jump('!=', 'r1', 'r3', 'map_new'),
    store('u64', at('r6', 0), 0),
    store('u8', at('r6', 0), SectionType.reference),
    ...sectionItem(),
    store('u32', at('r6', 4), referenceSize - 8),
    load('u32', 'r1', Stack.descriptor),
    store('u32', at('r6', Described.fd), 'r1'),
    store('u32', at('r6', Described.kind), ObjectKindNumber.map),
    store('u64', at('r6', Described.id), 'r3'),
    load('u32', 'r1', at('r7', Slot.cursor)),
    alu('+=', 'r1', referenceSize),
    store('u32', at('r7', Slot.cursor), 'r1'),
    load('u32', 'r1', at('r2', 24)),
    load('u32', 'r3', at('r7', Slot.matched)),
    alu('|=', 'r3', 'r1'),
    store('u32', at('r7', Slot.matched), 'r3'),
    load('u64', 'r1', Stack.itemFlags),
    alu('&=', 'r1', ItemFlag.primary),
    jump('==', 'r1', 0, end),
    load('u32', 'r1', at('r2', 12)),
    store('u32', at('r7', Slot.keySize), 'r1'),
    load('u32', 'r1', at('r2', 16)),
    store('u32', at('r7', Slot.valueSize), 'r1'),
    load('u32', 'r1', at('r2', 20)),
    store('u32', at('r7', Slot.mapType), 'r1'),
    goto(end),
    label('map_new'),
  ];
}

/** Notes the map in the slot's cache, and as the call's map where this item says so. */
function keepMap(shape: ProgramShape): Statement[] {
  const facts = [
    [Described.id, 8],
    [Described.first, 12],
    [Described.second, 16],
    [Described.type, 20],
  ] as const;
  const primary = [
    [Described.first, Slot.keySize],
    [Described.second, Slot.valueSize],
    [Described.type, Slot.mapType],
  ] as const;
  return [
    ...cacheEntry(),
    load('u64', 'r1', Stack.data),
    store('u64', at('r2', 0), 'r1'),
    ...facts.flatMap(([from, to]) => [load('u32', 'r1', at('r6', from)), store('u32', at('r2', to), 'r1')]),
    ...(shape.filter.objects.length === 0 ? [] : [load('u64', 'r1', Stack.second), store('u32', at('r2', 24), 'r1')]),
    load('u64', 'r1', Stack.itemFlags),
    alu('&=', 'r1', ItemFlag.primary),
    jump('==', 'r1', 0, 'map_kept'),
    ...primary.flatMap(([from, to]) => [load('u32', 'r1', at('r6', from)), store('u32', at('r7', to), 'r1')]),
    label('map_kept'),
  ];
}

/** Notes in the slot, and at `Stack.second`, whether the described object is one that is asked for. */
function matching(shape: ProgramShape, kind: ObjectFilter['kind']): Statement[] {
  const { objects } = shape.filter;
  if (objects.length === 0) return [];
  const own = objects.filter((object) => object.kind === kind);
  const hit = `${kind}_hit`;
  const tests = own.flatMap((object, index): Statement[] => {
    if (object.id !== undefined) {
      return [
        load('u32', 'r1', at('r6', Described.id)),
        constant('r2', BigInt(object.id)),
        jump('==', 'r1', 'r2', hit),
      ];
    }
    const next = `${kind}_miss${index}`;
    const [low, high] = textWords(object.name ?? '');
    return [
      load('u64', 'r1', at('r6', Described.name)),
      constant('r2', low),
      jump('!=', 'r1', 'r2', next),
      load('u64', 'r1', at('r6', Described.name + 8)),
      constant('r2', high),
      jump('==', 'r1', 'r2', hit),
      label(next),
    ];
  });
  return [
    store('u64', Stack.second, 0),
    ...tests,
    goto(`${kind}_matched`),
    ...(own.length === 0 ? [] : [label(hit), store('u64', Stack.second, 1), store('u32', at('r7', Slot.matched), 1)]),
    label(`${kind}_matched`),
  ];
}

/** A text of up to 15 bytes as the two words that hold it, zeroes behind it. */
export function textWords(text: string): [low: bigint, high: bigint] {
  const bytes = new Uint8Array(16);
  bytes.set(new TextEncoder().encode(text).subarray(0, 15));
  const view = new DataView(bytes.buffer);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}

/** Notes the types at `Stack.data` in the section, and has them sent if they never were. */
export function typesOf(shape: ProgramShape, { areSent }: { areSent: boolean }): Statement[] {
  const { layout } = shape;
  const kernelTypes = layout.at('btf.kernel_btf');
  return [
    label('types'),
    load('u64', 'r3', Stack.data),
    jump('==', 'r3', 0, 'described'),
    ...readKernel(Stack.scratch, { from: 'r3', offset: layout.need('btf.id'), size: 4 }),
    load('u32', 'r1', Stack.scratch),
    store('u32', at('r6', Described.btfId), 'r1'),
    load('u32', 'r2', at('r6', Described.kind)),
    jump('!=', 'r2', ObjectKindNumber.btf, 'types_own'),
    store('u32', at('r6', Described.id), 'r1'),
    ...copies(shape, Stack.data, [
      { from: 'btf.data_size', to: Described.first, size: 4 },
      { from: 'btf.nr_types', to: Described.second, size: 4 },
      { from: 'btf.name', to: Described.name, size: 56 },
    ]),
    ...withoutVoid(shape),
    label('types_own'),
    ...(kernelTypes === undefined
      ? []
      : [
          store('u64', Stack.second, 0),
          load('u64', 'r3', Stack.data),
          ...readKernel(Stack.second, { from: 'r3', offset: kernelTypes, size: 1 }),
          load('u8', 'r1', Stack.second),
          jump('==', 'r1', 0, 'types_sendable'),
          load('u32', 'r2', at('r6', Described.kind)),
          jump('!=', 'r2', ObjectKindNumber.btf, 'described'),
          store('u32', at('r6', Described.flags), 1),
          goto('described'),
          label('types_sendable'),
        ]),
    ...(areSent ? [] : [goto('described')]),
    ...(areSent ? sendTypes(shape) : []),
  ];
}

/** Since 5.11 the kernel counts void among the types, but for those that stand on others. */
function withoutVoid({ layout }: ProgramShape): Statement[] {
  const base = layout.at('btf.base_btf');
  if (base === undefined) return [];
  return [
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.second, { from: 'r3', offset: base }),
    load('u64', 'r1', Stack.second),
    jump('!=', 'r1', 0, 'types_own'),
    load('u32', 'r1', at('r6', Described.second)),
    jump('==', 'r1', 0, 'types_own'),
    alu('-=', 'r1', 1),
    store('u32', at('r6', Described.second), 'r1'),
  ];
}

/** Has the types at `Stack.data`, whose id is in the section, sent before the record. */
function sendTypes({ layout }: ProgramShape): Statement[] {
  return [
    load('u32', 'r1', at('r6', Described.btfId)),
    store('u64', Stack.scratch, 'r1'),
    // Types go with the first record that mentions them; the reader remembers them by id.
    ...lookUp('sent', Stack.scratch),
    jump('!=', 'r0', 0, 'described'),
    // Nothing else of this call may wait for the same.
    load('u32', 'r1', at('r7', Slot.queueCount)),
    jump('>=', 'r1', queueLength, 'described'),
    alu('=', 'r2', 'r1'),
    alu('+=', 'r2', 1),
    store('u32', at('r7', Slot.queueCount), 'r2'),
    alu('*=', 'r1', queueEntrySize),
    alu('+=', 'r1', 'r7'),
    store('u64', Stack.pointer, 'r1'),
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.second, { from: 'r3', offset: layout.need('btf.data') }),
    load('u64', 'r3', Stack.data),
    ...readKernel(Stack.operations, { from: 'r3', offset: layout.need('btf.data_size'), size: 4 }),
    load('u64', 'r1', Stack.pointer),
    load('u64', 'r2', Stack.second),
    store('u64', at('r1', Slot.queue), 'r2'),
    load('u32', 'r2', Stack.operations),
    store('u32', at('r1', Slot.queue + 8), 'r2'),
    load('u32', 'r2', at('r6', Described.btfId)),
    store('u32', at('r1', Slot.queue + 12), 'r2'),
    store('u32', at('r1', Slot.queue + 16), PieceSource.types),
    goto('described'),
  ];
}

// What pointers other than keys and values mean.
import { type Btf, dumpC, lineRecordAt, parseBtf } from '../btf/index.ts';
import { cstr, quotedText } from '../bytes/index.ts';
import { ParseError, TsbpfError } from '../errors/index.ts';
import { decodeInstructions, disassemble, type Instruction } from '../insn/index.ts';
import {
  bpf_btf_info,
  bpf_core_relo_kind,
  bpf_link_info,
  bpf_map_info,
  bpf_prog_info,
  perf_event_attr,
  perf_type_id,
  type StructLayout,
} from '../uapi/index.ts';
import type { MemberSpec } from './commands.ts';
import type { CallParts, DecoderContext, Region } from './parts.ts';
import type { TraceMember, TraceValue } from './event.ts';
import { ItemKind } from './format.ts';
import { rawNumber } from './element-format.ts';
import { eventName, type TraceObject, objectText } from './objects.ts';
import { enumName, flagsText } from './symbols.ts';

interface ContentPlace {
  readonly parts: CallParts;
  readonly context: DecoderContext;
}

type Content = (region: Region, member: MemberSpec, around: ContentPlace) => TraceValue;

/** The content of a region that is no key or value. */
export function contentOf(member: MemberSpec, region: Region, around: ContentPlace): TraceValue {
  return (contents[member.form] ?? asBytes)(region, member, around);
}

const asBytes: Content = ({ bytes, size }) => ({ kind: 'bytes', bytes, size });
const asText: Content = ({ bytes, isCut }) => ({ kind: 'text', text: cstr(bytes), isCut });

const contents: Readonly<Record<string, Content>> = {
  text: asText,
  log: asText,
  position: ({ bytes, size }) => {
    const value = rawNumber(bytes, 0, size);
    return value === undefined ? { kind: 'bytes', bytes, size } : { kind: 'number', value };
  },
  u32s: (region) => numbers(region, 4),
  u64s: (region) => numbers(region, 8),
  addresses: (region) => numbers(region, 8, { isHex: true }),
  texts: (region, member, { parts }) => {
    const items = wordsOf(region.bytes, 8).map(
      (address, index): TraceValue =>
        textBehind(member, index * 8, parts) ?? { kind: 'address', address: BigInt(address) },
    );
    return { kind: 'list', items, count: Math.floor(region.size / 8) };
  },
  fds: (region, _member, { parts, context }) => {
    const items = wordsOf(region.bytes, 4).map((fd): TraceValue => {
      const number = Number(fd) | 0;
      return { kind: 'fd', fd: number, object: context.objectOf(parts.pid, number) };
    });
    return { kind: 'list', items, count: region.size / 4 };
  },
  insns: (region, _member, around) => {
    const items = instructionTexts(region.bytes, around).map((words): TraceValue => ({ kind: 'words', words }));
    return { kind: 'list', items, count: region.size / 8 };
  },
  func_info: (region, _member, around) =>
    records(region, around, 'func_info_rec_size', (view, at, types) => {
      // `struct bpf_func_info`: offset of the instruction, id of the type.
      const type = types?.typeById(view.getUint32(at + 4, true));
      const name = type !== undefined && 'name' in type ? type.name : `type ${view.getUint32(at + 4, true)}`;
      return `${view.getUint32(at, true)}: ${name}`;
    }),
  line_info: (region, _member, around) =>
    records(region, around, 'line_info_rec_size', (view, at, types) => {
      const { fileName, line, lineNumber, column } = lineRecordAt(view, at);
      const place = `${textOf(types, fileName)}:${lineNumber}:${column}`;
      return `${view.getUint32(at, true)}: ${place} ${quotedText(textOf(types, line).trim())}`;
    }),
  core_relos: (region, _member, around) =>
    records(region, around, 'core_relo_rec_size', (view, at, types) => {
      // `struct bpf_core_relo`; its offset is in bytes.
      const [offset, type, access, kind] = [0, 4, 8, 12].map((word) => view.getUint32(at + word, true));
      const name = Object.entries(bpf_core_relo_kind).find(([, value]) => value === kind)?.[0] ?? String(kind);
      return `${offset! / 8}: ${name} type ${type} ${quotedText(textOf(types, access!))}`;
    }),
  info: (region, _member, { parts }) => {
    const object = parts.objects[parts.items.findIndex(({ kind }) => kind === ItemKind.fd)];
    const layout = infoLayout(object);
    // Which structure the bytes are depends on the descriptor that the information is of.
    if (layout === undefined) return asBytes(region, _member, { parts } as ContentPlace);
    return named(structOf(layout, region.bytes), namedInfo[object!.kind] ?? {});
  },
  btf: ({ bytes, size }) => {
    try {
      const btf = parseBtf(bytes);
      return { kind: 'types', count: btf.typeCount, text: typesText(btf) };
    } catch (error) {
      if (!(error instanceof TsbpfError)) throw error;
      return { kind: 'bytes', bytes, size };
    }
  },
  perf: (region, member, { parts }) => {
    const { offset } = perf_event_attr.members.bp_addr;
    return perfAttribute(region.bytes, textBehind(member, offset, parts));
  },
  iter: (region, _member, { parts }) => {
    // `union bpf_iter_link_info`, which means a map only if its first word is a map's descriptor.
    const nested = parts.items.findIndex(({ kind, offset }) => kind === ItemKind.fdInRegion && offset === 0);
    const object = parts.objects[nested];
    const fd = Number(rawNumber(region.bytes, 0, 4));
    if (object?.kind === 'map') return struct([{ name: 'map.map_fd', value: { kind: 'fd', fd, object } }]);
    return { kind: 'bytes', bytes: region.bytes, size: region.size };
  },
  query_bpf: ({ bytes }) => {
    // `struct perf_event_query_bpf`: how many ids there is room for, how many there are, and the ids.
    const [room, count, ...ids] = wordsOf(bytes, 4);
    const shown = ids.slice(0, Math.min(Number(count), Number(room)));
    return struct([
      { name: 'ids_len', value: number(room ?? 0) },
      { name: 'prog_cnt', value: number(count ?? 0) },
      { name: 'ids', value: { kind: 'list', items: shown.map(number), count: shown.length } },
    ]);
  },
};

/** Types as C; what cannot be said in C is left out. */
export function typesText(btf: Btf): string {
  const parts: string[] = [];
  try {
    dumpC(btf, { write: (utf8) => void parts.push(Buffer.from(utf8).toString()) });
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
    parts.push(`/* ${error.message} */\n`);
  }
  // Around the types stands what a header for all of the kernel needs.
  return parts
    .join('')
    .replace(/^#ifndef __VMLINUX_H__[\s\S]*?#define __bpf_fastcall\n#endif\n#endif\n/, '')
    .replace(/\/\* BPF kfuncs \*\/[\s\S]*$/, '')
    .trim();
}

/** The text to which the word at `offset` of what the member means points, if it was read. */
function textBehind(member: MemberSpec, offset: number, { items, regions }: CallParts): TraceValue | undefined {
  const index = items.findIndex(
    (item) => item.kind === ItemKind.textBehind && item.member === member && item.offset === offset,
  );
  const region = regions[index];
  return region === undefined || region.isFault ? undefined : { kind: 'text', text: cstr(region.bytes), isCut: false };
}

function number(value: number | bigint): TraceValue {
  return { kind: 'number', value };
}

function struct(members: readonly TraceMember[]): TraceValue {
  return { kind: 'struct', members };
}

function wordsOf(bytes: Uint8Array, size: 4 | 8): (number | bigint)[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => rawNumber(bytes, index * size, size)!);
}

function numbers(
  { bytes, size }: Region,
  width: 4 | 8,
  { isHex = false }: { readonly isHex?: boolean } = {},
): TraceValue {
  const items = wordsOf(bytes, width).map((value): TraceValue => ({ kind: 'number', value, isHex }));
  return { kind: 'list', items, count: Math.floor(size / width) };
}

/** Records of a program's extra information in words. Types are those of the program. */
function records(
  { bytes, size }: Region,
  { parts, context }: ContentPlace,
  recordSize: string,
  words: (view: DataView, at: number, types: Btf | undefined) => string,
): TraceValue {
  const layout = parts.spec!.members.find(({ name }) => name === recordSize)!.layout;
  const step = Number(rawNumber(parts.attribute, layout.offset, 4));
  const types = programTypes(parts, context);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: TraceValue[] = [];
  // The shortest record that any of them has is read.
  for (
    let at = 0;
    step >= 8 && at + Math.max(step, recordSize.startsWith('func') ? 8 : 16) <= bytes.length;
    at += step
  ) {
    items.push({ kind: 'words', words: words(view, at, types) });
  }
  return { kind: 'list', items, count: step > 0 ? Math.floor(size / step) : 0 };
}

function programTypes(parts: CallParts, context: DecoderContext): Btf | undefined {
  const index = parts.items.findIndex(({ member }) => member?.name === 'prog_btf_fd');
  const object = parts.objects[index];
  return object?.kind === 'btf' ? context.typesOf(object.id) : undefined;
}

function textOf(types: Btf | undefined, offset: number): string {
  try {
    return types?.str(offset) ?? `string ${offset}`;
  } catch (error) {
    if (error instanceof ParseError) return `string ${offset}`;
    throw error;
  }
}

/** What the second word of a 64-bit constant says, by the source register of its instruction. */
function instructionTexts(bytes: Uint8Array, { parts, context }: ContentPlace): string[] {
  const instructions = decodeInstructions(bytes.subarray(0, bytes.length & ~7));
  const named = (fd: number): string => {
    const object = context.objectOf(parts.pid, fd);
    return `fd ${fd}${object === undefined ? '' : `<${objectText(object)}>`}`;
  };
  const constant = (insn: Instruction, high: number): string | undefined => {
    switch (insn.src) {
      // BPF_PSEUDO_MAP_FD and the numbers that follow it.
      case 1:
        return `map[${named(insn.imm)}]`;
      case 2:
        return `map[${named(insn.imm)}][0]+${high}`;
      case 3:
        return `type ${insn.imm}`;
      case 4:
        return `func+${insn.imm}`;
      case 5:
        return `map[index ${insn.imm}]`;
      case 6:
        return `map[index ${insn.imm}][0]+${high}`;
      default:
        return undefined;
    }
  };
  const texts: string[] = [];
  for (let index = 0; index < instructions.length; index++) {
    const insn = instructions[index]!;
    texts.push(`${index}: ${disassemble(insn, instructions[index + 1], { constant })}`);
    // A 64-bit constant takes two slots.
    if (insn.code === 0x18) index++;
  }
  return texts;
}

/** Members of information that are names or addresses, by what it is of. */
const namedInfo: Readonly<Record<string, Readonly<Record<string, (value: number | bigint) => Partial<TraceNumber>>>>> =
  {
    map: {
      type: (value) => ({ name: enumName('map', Number(value)) }),
      map_flags: (value) => ({ name: flagsText('map', value) }),
    },
    prog: { type: (value) => ({ name: enumName('prog', Number(value)) }) },
    // The reader's memory.
    btf: { btf: () => ({ isHex: true }), name: () => ({ isHex: true }) },
  };

type TraceNumber = TraceValue & { kind: 'number' };

function named(value: TraceValue, more: (typeof namedInfo)[string]): TraceValue {
  if (value.kind !== 'struct') return value;
  return struct(
    value.members.map((member) => {
      const add = more[member.name];
      return add === undefined || member.value.kind !== 'number'
        ? member
        : { name: member.name, value: { ...member.value, ...add(member.value.value) } };
    }),
  );
}

function infoLayout(object: TraceObject | undefined): StructLayout | undefined {
  const layouts: Readonly<Record<string, StructLayout>> = {
    map: bpf_map_info,
    prog: bpf_prog_info,
    btf: bpf_btf_info,
    link: bpf_link_info,
  };
  return object === undefined ? undefined : layouts[object.kind];
}

/** Members of a struct that are not zero; of unions the first. */
function structOf(layout: StructLayout, bytes: Uint8Array): TraceValue {
  const members: TraceMember[] = [];
  const taken = new Set<number>();
  for (const [name, { offset, size, bitOffset, bitSize }] of Object.entries(layout.members)) {
    const place = offset * 64 + (bitOffset ?? 0);
    if (offset + size > bytes.length || taken.has(place)) continue;
    const value = memberValue(bytes, { name, offset, size, bitOffset, bitSize });
    if (value === undefined) continue;
    taken.add(place);
    members.push({ name, value });
  }
  return struct(members);
}

function memberValue(
  bytes: Uint8Array,
  {
    name,
    offset,
    size,
    bitOffset,
    bitSize,
  }: { name: string; offset: number; size: number; bitOffset: number | undefined; bitSize: number | undefined },
): TraceValue | undefined {
  // Arrays of characters, such as names.
  if (size > 8) {
    const text = cstr(bytes.subarray(offset, offset + size));
    return text === '' ? undefined : { kind: 'text', text, isCut: false };
  }
  const whole = BigInt(rawNumber(bytes, offset, size) ?? 0);
  const value = bitSize === undefined ? whole : (whole >> BigInt(bitOffset ?? 0)) & ((1n << BigInt(bitSize)) - 1n);
  if (value === 0n) return undefined;
  // BPF_TAG_SIZE bytes of a digest, which are no number.
  if (name === 'tag') return { kind: 'bytes', bytes: bytes.subarray(offset, offset + size), size };
  // Addresses of the reader's own memory, and of the kernel's.
  return value >= 0x1_0000_0000_0000n || /insns$|ksyms$|_ids$|_info$|_tags$|_lens$/.test(name)
    ? { kind: 'number', value, isHex: true }
    : { kind: 'number', value: value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value };
}

/** `target`: the function or program of a probe. */
function perfAttribute(bytes: Uint8Array, target: TraceValue | undefined): TraceValue {
  const shown = structOf(perf_event_attr, bytes) as TraceValue & { kind: 'struct' };
  const type = Number(rawNumber(bytes, 0, 4));
  const config = BigInt(rawNumber(bytes, 8, 8) ?? 0);
  const [, event] = eventName(type, config).split(' ');
  const hasName = type === perf_type_id.PERF_TYPE_SOFTWARE || type === perf_type_id.PERF_TYPE_HARDWARE;
  const kind = type === perf_type_id.PERF_TYPE_SOFTWARE ? 'SW' : 'HW';
  const rest = shown.members.flatMap((member): TraceMember[] => {
    if (member.name === 'type' || member.name === 'config') return [];
    // The members are unions: bp_addr is config1 (or the address of a text), bp_len config2 for other types.
    if (type === perf_type_id.PERF_TYPE_BREAKPOINT) return [member];
    if (member.name === 'bp_addr') return [{ name: 'config1', value: target ?? member.value }];
    return [member.name === 'bp_len' ? { name: 'config2', value: member.value } : member];
  });
  return struct([
    { name: 'type', value: { kind: 'number', value: type, name: enumName('perf_type', type) } },
    {
      name: 'config',
      value: {
        kind: 'number',
        value: config <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(config) : config,
        name: hasName && event !== undefined && !event.startsWith('0x') ? `PERF_COUNT_${kind}_${event}` : undefined,
      },
    },
    ...rest,
  ]);
}

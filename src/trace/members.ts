// From a call's attribute and what it points to, to named values. Members that are 0 say nothing: bpf(2) takes every
// attribute as zeros behind what the caller gives.
import { cstr } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import { bpf_attach_type, type FieldLayout, isPerCpu, mapType } from '../uapi/index.ts';
import { contentOf, typesText } from './contents.ts';
import type { MemberSpec } from './commands.ts';
import type { CallParts, DecoderContext, Region } from './parts.ts';
import type { TraceElements, TraceMember, TraceValue } from './event.ts';
import type { TracedMap, TraceObject } from './objects.ts';
import { flagsText, enumName } from './symbols.ts';

/** Members of a call's attribute that are set, and those that are always shown. */
export function membersOf(parts: CallParts, context: DecoderContext): TraceMember[] {
  const { spec, attribute, after } = parts;
  if (attribute.length === 0) return [];
  if (spec === undefined) return [{ name: '', value: { kind: 'bytes', bytes: attribute, size: attribute.length } }];
  const members: TraceMember[] = [];
  const before = viewOf(attribute);
  // Members that the kernel writes have their value only after the call.
  const later = after === undefined ? before : viewOf(after);
  for (const member of spec.members) {
    const { layout } = member;
    // Callers may give a shorter attribute, of an older version of the UAPI.
    if (layout.offset + layout.size > attribute.length) continue;
    const value = memberValue(member, member.written ? later : before, { parts, context });
    if (value !== undefined) members.push({ name: nameOf(member, parts), value });
  }
  return members;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => new DataView(buffer, byteOffset, byteLength);

/** Some places mean a device's index instead of a descriptor. */
function nameOf(member: MemberSpec, parts: CallParts): string {
  return member.name === 'target_fd' && targetsDevice(parts) ? 'target_ifindex' : member.name;
}

const deviceTypes: ReadonlySet<number> = new Set([
  ...[bpf_attach_type.BPF_XDP, bpf_attach_type.BPF_TCX_INGRESS, bpf_attach_type.BPF_TCX_EGRESS],
  ...[bpf_attach_type.BPF_NETKIT_PRIMARY, bpf_attach_type.BPF_NETKIT_PEER],
]);

function targetsDevice({ spec, attribute }: CallParts): boolean {
  const type = spec?.members.find(({ name }) => name === 'attach_type')?.layout;
  return type !== undefined && deviceTypes.has(Number(numberAt(attribute, type)));
}

/** Undefined for what is not set and not worth a word. `from`: the attribute as it was, or as the kernel left it. */
function memberValue(
  member: MemberSpec,
  from: DataView,
  { parts, context }: { parts: CallParts; context: DecoderContext },
): TraceValue | undefined {
  const { layout, form, always } = member;
  if (member.kind === 'text') {
    const text = cstr(new Uint8Array(from.buffer, from.byteOffset + layout.offset, layout.size));
    return text === '' && !always ? undefined : { kind: 'text', text, isCut: false };
  }
  const value = numberIn(from, layout);
  if (!always && value === 0) return undefined;
  switch (member.kind) {
    case 'hex':
      return { kind: 'number', value, isHex: true };
    case 'enum':
      return { kind: 'number', value, name: enumName(form, Number(value)) };
    case 'flags':
      return { kind: 'number', value, name: flagsText(form, value) };
    case 'fd': {
      if (member.name === 'target_fd' && targetsDevice(parts)) return { kind: 'number', value };
      const fd = Number(value) | 0;
      return { kind: 'fd', fd, object: objectFor(member, parts) };
    }
    case 'pointer':
      return pointed(member, value, parts, context);
    default:
      return { kind: 'number', value };
  }
}

/** A number of the attribute; a bigint where it has more than 53 bits. */
export function numberAt(bytes: Uint8Array, layout: NumberLayout): number | bigint {
  return numberIn(viewOf(bytes), layout);
}

type NumberLayout = Pick<FieldLayout, 'offset' | 'size' | 'signed'>;

function numberIn(view: DataView, { offset, size, signed }: NumberLayout): number | bigint {
  if (size === 4) return signed ? view.getInt32(offset, true) : view.getUint32(offset, true);
  if (size === 2) return view.getUint16(offset, true);
  if (size === 1) return view.getUint8(offset);
  const high = view.getUint32(offset + 4, true);
  // Below 2^53 a number is exact, and costs less than a bigint.
  return high < 0x20_0000 ? high * 0x1_0000_0000 + view.getUint32(offset, true) : view.getBigUint64(offset, true);
}

function objectFor(member: MemberSpec, { objects, places }: CallParts): TraceObject | undefined {
  return objects[places.of(member).fd];
}

function pointed(member: MemberSpec, address: number | bigint, parts: CallParts, context: DecoderContext): TraceValue {
  if (address !== 0 && member.form === 'btf') {
    const types = loadedTypes(parts, context);
    if (types !== undefined) return types;
  }
  const region = parts.regions[parts.places.of(member).region];
  if (region === undefined && member.form === 'insns' && address !== 0) {
    return { kind: 'list', items: [], count: Number(numberAt(parts.attribute, { offset: 4, size: 4 })) };
  }
  if (region === undefined || region.isFault || (region.isCut && region.bytes.length === 0))
    return { kind: 'address', address: BigInt(address) };
  if (member.form === 'key' || member.form === 'value') {
    if (isUnwrittenBatch(member, parts)) return { kind: 'address', address: BigInt(address) };
    const elements = elementsOf(member, region, parts, context);
    if (elements !== undefined) return elements;
  }
  return contentOf(member, region, { parts, context });
}

/** Ends of a batch that still wrote elements: the last ones of the map, and those before a signal. */
const wroteElements = new Set([-Errno.ENOENT, -Errno.EINTR]);

/** A batch that was refused leaves the caller's count as it was, and his arrays. */
function isUnwrittenBatch({ rule, time }: MemberSpec, { result }: CallParts): boolean {
  return rule?.count !== undefined && time !== 'before' && result < 0n && !wroteElements.has(Number(result));
}

/** The types that BPF_BTF_LOAD has loaded. */
function loadedTypes({ places, objects }: CallParts, context: DecoderContext): TraceValue | undefined {
  const object = objects[places.result];
  if (object?.kind !== 'btf') return undefined;
  const btf = context.showsTypes ? context.typesOf(object.id) : undefined;
  return { kind: 'types', count: object.typeCount, text: btf && typesText(btf) };
}

/** The map that the call is about. */
function mapOf(parts: CallParts): TracedMap | undefined {
  const object = parts.objects[parts.places.map];
  return object?.kind === 'map' ? object : undefined;
}

function elementsOf(
  member: MemberSpec,
  region: Region,
  parts: CallParts,
  context: DecoderContext,
): TraceElements | undefined {
  const map = mapOf(parts);
  if (map === undefined) return undefined;
  const half = member.form as 'key' | 'value';
  const isBatch = member.rule!.count !== undefined;
  const format = context.formatOf(map, half);
  // What was read says how many processors' values there are.
  const isWhole = half === 'value' && isPerCpu(map.type);
  const stride = isWhole ? (isBatch ? format.step * context.cpus : region.size) : format.size;
  const nested = parts.places.of(member).fdInRegion;
  const holds = mapType(map.type)?.holds;
  // Maps of maps and of programs take descriptors when they are written, and give ids when they are read.
  const ids =
    half === 'value' && member.time !== 'before' && holds !== undefined
      ? holds === 'maps'
        ? 'map'
        : 'prog'
      : undefined;
  return {
    kind: 'elements',
    half,
    map,
    format,
    bytes: region.bytes,
    size: region.size,
    stride,
    isBatch,
    isNext: member.name === 'next_key',
    object: nested < 0 || isBatch ? undefined : parts.objects[nested],
    ids,
  };
}

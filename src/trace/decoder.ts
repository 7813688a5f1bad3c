import { type Btf, parseBtf } from '../btf/index.ts';
import { cstr } from '../bytes/index.ts';
import { TsbpfError } from '../errors/index.ts';
import { callNames, ioctlSpec, perfEventOpen, TracedCall } from './calls.ts';
import { attachClassOf, type CommandSpec, commandSpec } from './commands.ts';
import { ElementFormat } from './element-format.ts';
import { TraceCall, type TraceEvent } from './event.ts';
import {
  Head,
  Piece,
  PieceSource,
  ProcessRecord,
  RecordKind,
  SectionFlag,
  sectionHead,
  SectionType,
  SlotFlag,
  Described,
} from './format.ts';
import { membersOf } from './members.ts';
import type { CallParts, DecoderContext, Region } from './parts.ts';
import { readObject, type TracedMap, type TraceObject } from './objects.ts';
import { ItemPlaces, membersOfClass, type PlanItem, planItems, type TraceSelection } from './plans.ts';
import { bpf_cmd } from '../uapi/index.ts';

/** Something large that comes in pieces. */
interface Stream {
  readonly bytes: Uint8Array;
  /** Bytes so far; pieces come in order, so that it is whole at the length of `bytes`. */
  received: number;
  /** A piece could not be read. */
  isFault: boolean;
}

/** A plan as the decoder needs it. */
interface KnownCommand {
  readonly spec: CommandSpec | undefined;
  readonly items: readonly PlanItem[];
  readonly places: ItemPlaces;
  /** Some of its contents hold descriptors, which mean something else later. */
  readonly hasDescriptors: boolean;
}

/** Forms of contents that hold descriptors. */
const ofNow: ReadonlySet<string | undefined> = new Set(['insns', 'fds']);
const nothing = new Uint8Array(0);
/** An event that is kept keeps as much as this. */
const copiesSize = 1 << 14;
/** The most descriptors that are remembered: a process that opens many must not fill the memory. */
const mostDescriptors = 65536;

export interface DecoderOptions {
  readonly selection: TraceSelection;
  /** What to add to the monotonic clock for nanoseconds since 1970. */
  readonly clockOffset: bigint;
  readonly cpus: number;
  readonly kernelTypes: () => Btf | undefined;
}

/** Turns records into events. It keeps what later records refer to: objects, types, pieces. */
export class TraceDecoder {
  readonly #selection: TraceSelection;
  readonly #clockOffset: bigint;
  readonly #context: DecoderContext;
  readonly #maps = new Map<number, TracedMap>();
  readonly #descriptors = new Map<string, TraceObject>();
  /** Types by id: as they come in, and parsed (undefined where they cannot be). */
  readonly #incoming = new Map<number, Stream>();
  readonly #types = new Map<number, Btf | undefined>();
  readonly #kernelTypes: () => Btf | undefined;
  readonly #keyFormats = new Map<number, ElementFormat>();
  readonly #valueFormats = new Map<number, ElementFormat>();
  /** Pieces of the calls under way, by thread and tag. */
  readonly #streams = new Map<number, Map<number, Stream>>();
  readonly #commands = new Map<number, KnownCommand>();
  #lost = 0;
  #copies = nothing;
  #copied = 0;

  constructor(options: DecoderOptions) {
    this.#selection = options.selection;
    this.#clockOffset = options.clockOffset;
    this.#kernelTypes = options.kernelTypes;
    this.#context = {
      formatOf: (map, half) => this.#formatOf(map, half),
      typesOf: (id) => this.#typesOf(id),
      objectOf: (pid, fd) => this.#descriptors.get(`${pid}:${fd}`),
      cpus: options.cpus,
      showsTypes: options.selection.options.has('types'),
    };
  }

  /** Takes a record, of which it keeps a copy; undefined for one that only others need. */
  accept(memory: Uint8Array, start: number, length: number): TraceEvent | undefined {
    // Records are little-endian, as all machines are that the tracer runs on.
    const kind = memory[start + Head.kind]! | (memory[start + Head.kind + 1]! << 8);
    if (kind === RecordKind.call) {
      const record = this.#copy(memory, start, length);
      return this.#call(record, new DataView(record.buffer, record.byteOffset, length));
    }
    const view = new DataView(memory.buffer, memory.byteOffset + start, length);
    switch (kind) {
      case RecordKind.piece:
        this.#piece(view, memory.subarray(start, start + length));
        return undefined;
      case RecordKind.exit:
        return { kind: 'exit', pid: view.getUint32(ProcessRecord.pid, true) };
      case RecordKind.fork:
        return {
          kind: 'fork',
          pid: view.getUint32(ProcessRecord.pid, true),
          parent: view.getUint32(ProcessRecord.parent, true),
        };
      default:
        return undefined;
    }
  }

  /** Several copies share an array: each array of its own costs V8 more than its bytes. */
  #copy(memory: Uint8Array, start: number, length: number): Uint8Array {
    if (this.#copied + length > this.#copies.length) {
      this.#copies = new Uint8Array(Math.max(copiesSize, length));
      this.#copied = 0;
    }
    const copy = this.#copies.subarray(this.#copied, this.#copied + length);
    copy.set(memory.subarray(start, start + length));
    this.#copied += (length + 7) & ~7;
    return copy;
  }

  #piece(view: DataView, record: Uint8Array): void {
    const u32 = (at: number) => view.getUint32(at, true);
    const isTypes = view.getUint16(Piece.source, true) === PieceSource.types;
    const tag = u32(Piece.tag);
    let streams: Map<number, Stream>;
    if (isTypes) streams = this.#incoming;
    else {
      const tid = u32(Piece.tid);
      streams = this.#streams.get(tid) ?? new Map();
      this.#streams.set(tid, streams);
    }
    const position = u32(Piece.position);
    let stream = streams.get(tag);
    // A piece at 0 begins anew: what was under way was not finished, or belongs to an earlier call of the thread.
    if (stream === undefined || position === 0) {
      stream = { bytes: new Uint8Array(u32(Piece.total)), received: 0, isFault: false };
      streams.set(tag, stream);
    }
    const count = Math.min(u32(Piece.length), stream.bytes.length - position);
    if (count <= 0) return;
    stream.bytes.set(record.subarray(Piece.size, Piece.size + count), position);
    stream.received += count;
    if (view.getBigInt64(Piece.fault, true) !== 0n) stream.isFault = true;
    if (isTypes && stream.received >= stream.bytes.length) this.#types.delete(tag);
  }

  #call(record: Uint8Array, view: DataView): TraceCall {
    const u32 = (at: number) => view.getUint32(at, true);
    const traced = view.getUint16(Head.call, true) as TracedCall;
    // The command of bpf(2) is its first argument, the request of ioctl(2) its second.
    const number = u32(Head.arguments + (traced === TracedCall.ioctl ? 8 : 0));
    const tid = u32(Head.tid);
    const pid = u32(Head.tgid);
    const result = view.getBigInt64(Head.result, true);
    const parts = this.#parts(record, view, { traced, number, tid, pid, result });
    const lost = Number(view.getBigUint64(Head.lost, true));
    // The counter is of all CPUs, so that records that overtook each other may have a smaller one.
    const lostBefore = Math.max(0, lost - this.#lost);
    this.#lost = Math.max(lost, this.#lost);
    const resultObject = parts.objects[parts.places.result];
    // The result of a call that makes an object is its descriptor.
    if (resultObject !== undefined) this.#remember(pid, Number(result), resultObject);
    const start = view.getBigUint64(Head.start, true);
    const flags = u32(Head.flags);
    const isUnread = parts.attribute.length === 0;
    const members = () => membersOf(parts, this.#context);
    // What their descriptors mean may be something else later.
    const isOfNow =
      parts.hasDescriptors &&
      parts.regions.some((region, item) => region !== undefined && ofNow.has(parts.items[item]?.member?.form));
    const made = isOfNow ? members() : undefined;
    return new TraceCall({
      facts: {
        call: callNames[traced],
        command: commandName(traced, number, parts.spec),
        commandNumber: number,
        start,
        end: view.getBigUint64(Head.end, true),
        pid,
        tid,
        uid: u32(Head.uid),
        cpu: u32(Head.cpu),
        comm: cstr(record.subarray(Head.comm, Head.comm + 16)),
        result,
        attributeSize: u32(Head.arguments + 16),
        unreadAttribute: isUnread ? view.getBigUint64(Head.arguments + 8, true) : undefined,
        lostBefore,
        isIncomplete: (flags & (SlotFlag.pieceLost | SlotFlag.overflow)) !== 0,
      },
      time: start + this.#clockOffset,
      members: made === undefined ? members : () => made,
      resultObject,
    });
  }

  #parts(
    record: Uint8Array,
    view: DataView,
    call: { traced: TracedCall; number: number; tid: number; pid: number; result: bigint },
  ): CallParts & KnownCommand {
    let attribute = nothing;
    let after: Uint8Array | undefined;
    let known = this.#known(call.traced, call.number, undefined);
    const objects: (TraceObject | undefined)[] = [];
    const regions: (Region | undefined)[] = [];
    const streams = this.#streams.get(call.tid);
    for (let at: number = Head.size; at + sectionHead <= record.length; ) {
      const type = record[at]!;
      const flags = record[at + 1]!;
      const item = view.getUint16(at + 2, true);
      const length = view.getUint32(at + 4, true);
      const data = at + sectionHead;
      switch (type) {
        case SectionType.attribute:
          if ((view.getUint32(Head.flags, true) & SlotFlag.attributeFault) === 0 || (flags & SectionFlag.late) !== 0) {
            attribute = record.subarray(data, data + length) as Uint8Array<ArrayBuffer>;
          }
          known = this.#known(call.traced, call.number, attribute);
          break;
        case SectionType.attributeAfter:
          after = record.subarray(data, data + length);
          break;
        case SectionType.object: {
          const object = readObject(view, record, at);
          objects[item] = object;
          if (object?.kind === 'map') this.#maps.set(object.id, object);
          if (object !== undefined) this.#remember(call.pid, view.getInt32(at + Described.fd, true), object);
          break;
        }
        case SectionType.reference:
          objects[item] = this.#maps.get(view.getUint32(at + Described.id, true));
          break;
        case SectionType.region: {
          regions[item] = region(record, view, {
            at,
            flags,
            length,
            stream: streams?.get((flags & SectionFlag.out) === 0 ? item : item | 0x100),
          });
          at += sectionHead;
          break;
        }
      }
      // Sections are padded to multiples of 8.
      at += sectionHead + ((length + 7) & ~7);
    }
    if (streams !== undefined) this.#streams.delete(call.tid);
    const { spec, items, places, hasDescriptors } = known;
    const { pid, result } = call;
    return { spec, items, places, hasDescriptors, attribute, after, objects, regions, pid, result };
  }

  #remember(pid: number, fd: number, object: TraceObject): void {
    if (this.#descriptors.size > mostDescriptors) this.#descriptors.clear();
    this.#descriptors.set(`${pid}:${fd}`, object);
  }

  /** The command and its plan; of links it depends on the attach type, which the attribute has. */
  #known(traced: TracedCall, number: number, attribute: Uint8Array | undefined): KnownCommand {
    // BPF_COMMON_ATTRS is a bit of the command.
    const command = number & ~0x10000;
    const isLink = traced === TracedCall.bpf && command === bpf_cmd.BPF_LINK_CREATE;
    const type =
      isLink && attribute !== undefined && attribute.length >= 12 ? attribute[8]! | (attribute[9]! << 8) : -1;
    const key =
      traced * 0x1000_0000 +
      (type + 1) * 0x10000 +
      (traced === TracedCall.ioctl ? number & 0xff : Math.min(command, 0xffff));
    let known = this.#commands.get(key);
    if (known === undefined) {
      let spec = specOf(traced, command);
      if (isLink) spec = membersOfClass(spec!, attachClassOf(type));
      const items = planItems(spec, this.#selection);
      const hasDescriptors = items.some(({ member }) => ofNow.has(member?.form));
      known = { spec, items, places: new ItemPlaces(items), hasDescriptors };
      // Numbers come from the traced process: one that tries many must not fill the memory.
      if (this.#commands.size < 1024) this.#commands.set(key, known);
    }
    return known;
  }

  /** Parsed when they are asked for, and once; undefined while pieces are missing, and for what is no BTF. */
  #typesOf(id: number): Btf | undefined {
    if (id === 0) return undefined;
    if (!this.#types.has(id)) {
      const stream = this.#incoming.get(id);
      if (stream === undefined || stream.received < stream.bytes.length) return undefined;
      let types: Btf | undefined;
      try {
        types = parseBtf(stream.bytes);
      } catch (error) {
        if (!(error instanceof TsbpfError)) throw error;
      }
      this.#types.set(id, types);
    }
    return this.#types.get(id);
  }

  #formatOf(map: TracedMap, half: 'key' | 'value'): ElementFormat {
    const formats = half === 'key' ? this.#keyFormats : this.#valueFormats;
    let format = formats.get(map.id);
    if (format === undefined) {
      const isKernels = half === 'value' && map.vmlinuxValueTypeId !== 0;
      const btf = isKernels ? this.#kernelTypes() : this.#typesOf(map.btfId);
      const typeId = half === 'key' ? map.keyTypeId : map.vmlinuxValueTypeId || map.valueTypeId;
      format = new ElementFormat(map, half, btf && { btf, typeId });
      // Without the types it is made again when they may have come.
      if (btf !== undefined || (map.btfId === 0 && !isKernels)) formats.set(map.id, format);
    }
    return format;
  }
}

function specOf(traced: TracedCall, number: number): CommandSpec | undefined {
  if (traced === TracedCall.bpf) return commandSpec(number);
  return traced === TracedCall.perfEventOpen ? perfEventOpen : ioctlSpec(number);
}

function commandName(traced: TracedCall, number: number, spec: CommandSpec | undefined): string {
  if (spec !== undefined && spec.name !== '')
    return number >= 0x10000 && traced === TracedCall.bpf ? `${spec.name}|BPF_COMMON_ATTRS` : spec.name;
  return traced === TracedCall.ioctl ? `0x${number.toString(16)}` : `${number | 0}`;
}

function region(
  record: Uint8Array,
  view: DataView,
  { at, flags, length, stream }: { at: number; flags: number; length: number; stream: Stream | undefined },
): Region {
  const size = view.getUint32(at + sectionHead, true);
  const data = at + sectionHead * 2;
  const isCut = (flags & SectionFlag.cut) !== 0;
  if ((flags & SectionFlag.streamed) !== 0) {
    const isWhole = stream !== undefined && stream.received >= stream.bytes.length;
    const bytes = isWhole ? stream.bytes : new Uint8Array(0);
    return { bytes, size, isFault: stream?.isFault === true, isCut: isCut || !isWhole };
  }
  return { bytes: record.subarray(data, data + length), size, isFault: (flags & SectionFlag.fault) !== 0, isCut };
}

import {
  bytesText,
  objectText,
  type TraceCall,
  type TraceElements,
  type TraceMember,
  type TraceValue,
} from '../../trace/index.ts';
import { quotedText, visibleText } from '../../bytes/index.ts';
import { strerror } from '../../errors/index.ts';
import type { Sink } from '../../output/index.ts';

export interface TextOptions {
  /** Time at the beginning: of day, with or without parts of a second, since the call before, or none. */
  readonly time: 'none' | 'seconds' | 'microseconds' | 'unix' | 'relative';
  readonly duration: boolean;
  /** Shows all that was read; else long lists and undecoded bytes are cut. */
  readonly whole: boolean;
  /** Seconds that local time is before UTC. */
  readonly zoneSeconds: number;
}

/** Items of a list that are shown, unless all are asked for. */
const shownItems = 4;

/** Writes calls in the manner of strace, what pointers mean in their place. Text of others is shown without control characters. */
export class TraceText {
  readonly #sink: Sink;
  readonly #options: TextOptions;
  /** Nanoseconds of the call before, 0 before the first. */
  #last = 0n;
  /** Types that are shown below the call. */
  #types: string[] = [];

  constructor(sink: Sink, options: TextOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  call(call: TraceCall): void {
    const { facts } = call;
    if (facts.lostBefore > 0) this.lost(facts.lostBefore);
    const sink = this.#sink;
    // The thread is named where it is not the process's first.
    const who = facts.pid === facts.tid ? facts.pid : `${facts.pid}/${facts.tid}`;
    let head = `${this.#time(call.time)}${visibleText(facts.comm)}[${who}] ${facts.call}(`;
    if (facts.call === 'bpf') head += `${facts.command}, `;
    sink.text(head);
    if (facts.call === 'bpf') {
      if (facts.unreadAttribute !== undefined) sink.text(pointerText(facts.unreadAttribute));
      // An attribute that is not taken apart is one member without a name.
      else if (call.members.length === 1 && call.members[0]!.name === '') this.#value(call.members[0]!.value);
      else this.#members(call.members);
      sink.text(`, ${facts.attributeSize}`);
    } else if (facts.call === 'ioctl') {
      const [fd, argument] = call.members;
      if (fd !== undefined) this.#value(fd.value);
      sink.text(`, ${facts.command}`);
      if (argument !== undefined) {
        sink.text(', ');
        this.#value(argument.value);
      }
    } else {
      for (const [index, { value }] of call.members.entries()) {
        if (index > 0) sink.text(', ');
        this.#value(value);
      }
    }
    sink.text(`) = ${this.#result(call)}${this.#options.duration ? ` <${seconds(call.durationNs, 9)}>` : ''}\n`);
    // Types are text of many lines: they stand below the line of the call.
    for (const text of this.#types.splice(0)) {
      for (const line of text.split('\n')) sink.text(`    ${visibleText(line.replaceAll('\t', '    '))}\n`);
    }
  }

  lost(count: number): void {
    this.#sink.text(`--- ${count} call${count === 1 ? '' : 's'} lost ---\n`);
  }

  #time(time: bigint): string {
    const { time: form, zoneSeconds } = this.#options;
    switch (form) {
      case 'none':
        return '';
      case 'relative': {
        // Records of several CPUs may come out of order.
        const since = this.#last === 0n ? 0 : Number(time - this.#last);
        this.#last = time;
        return `${seconds(Math.max(0, since), 6).padStart(12)} `;
      }
      case 'unix':
        return `${time / 1_000_000_000n}.${String(time % 1_000_000_000n)
          .padStart(9, '0')
          .slice(0, 6)} `;
      default: {
        // Local time, from the seconds of the day.
        const ofDay = Number((time / 1_000_000_000n - BigInt(zoneSeconds)) % 86400n);
        const two = (value: number) => String(Math.floor(value) % 100).padStart(2, '0');
        const clock = `${two(ofDay / 3600)}:${two((ofDay / 60) % 60)}:${two(ofDay % 60)}`;
        const fraction =
          form === 'seconds'
            ? ''
            : `.${String(time % 1_000_000_000n)
                .padStart(9, '0')
                .slice(0, 6)}`;
        return `${clock}${fraction} `;
      }
    }
  }

  #result({ facts, resultObject, errno, errnoName }: TraceCall): string {
    if (errnoName !== undefined) return `-1 ${errnoName} (${strerror(errno)})`;
    return `${facts.result}${resultObject === undefined ? '' : `<${described(resultObject)}>`}`;
  }

  #members(members: readonly TraceMember[]): void {
    const sink = this.#sink;
    sink.text('{');
    for (let index = 0; index < members.length; index++) {
      const { name, value } = members[index]!;
      sink.text(index === 0 ? `${name}=` : `, ${name}=`);
      this.#value(value);
    }
    sink.text('}');
  }

  #value(value: TraceValue): void {
    const sink = this.#sink;
    switch (value.kind) {
      case 'elements':
        this.#elements(value);
        break;
      case 'struct':
        this.#members(value.members);
        break;
      case 'list': {
        const shown = this.#options.whole ? value.items : value.items.slice(0, shownItems);
        sink.text('[');
        shown.forEach((item, index) => {
          if (index > 0) sink.text(', ');
          this.#value(item);
        });
        const rest = value.count - shown.length;
        if (rest > 0) sink.text(`${shown.length > 0 ? ', ' : ''}… ${rest} more`);
        sink.text(']');
        break;
      }
      default:
        sink.text(this.#scalar(value));
    }
  }

  #scalar(value: Exclude<TraceValue, { kind: 'elements' | 'struct' | 'list' }>): string {
    switch (value.kind) {
      case 'number':
        return value.name ?? (value.isHex ? `0x${value.value.toString(16)}` : String(value.value));
      case 'fd':
        return value.object === undefined ? String(value.fd) : `${value.fd}<${described(value.object)}>`;
      case 'text':
        return `${quotedText(value.text)}${value.isCut ? '…' : ''}`;
      case 'types':
        if (value.text !== undefined) this.#types.push(value.text);
        return `${value.count} types`;
      case 'words':
        return visibleText(value.words);
      case 'address':
        return pointerText(value.address);
      case 'bytes':
        return bytesText(value.bytes, value.size, this.#options.whole ? value.bytes.length : undefined);
    }
  }

  /** One key or value, one for each processor, or those of a batch. */
  #elements(value: TraceElements): void {
    const { bytes, size, stride, isBatch } = value;
    const sink = this.#sink;
    if (bytes.length < size && !isBatch) {
      sink.text(bytesText(bytes, size, this.#options.whole ? bytes.length : undefined));
      return;
    }
    if (!isBatch) {
      this.#element(value, 0);
      return;
    }
    sink.text('[');
    const count = stride > 0 ? Math.floor(size / stride) : 0;
    let shown = 0;
    for (let at = 0; at + stride <= bytes.length && shown < count; at += stride) {
      if (shown > 0) sink.text(', ');
      this.#element(value, at);
      shown++;
    }
    if (shown < count) sink.text(`${shown > 0 ? ', ' : ''}… ${count - shown} more`);
    sink.text(']');
  }

  #element({ format, bytes, stride, object, ids }: TraceElements, at: number): void {
    const sink = this.#sink;
    if (ids !== undefined || object !== undefined) {
      // Descriptors and ids are 32 bits wide, whatever the type.
      const number = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getInt32(0, true);
      sink.text(object === undefined ? `${ids} ${number >>> 0}` : `${number}<${described(object)}>`);
      return;
    }
    if (format.step === 0 || stride <= format.step) {
      this.#one(format, bytes, at);
      return;
    }
    sink.text('[');
    for (let from = at; from + format.size <= at + stride; from += format.step) {
      if (from > at) sink.text(', ');
      this.#one(format, bytes, from);
    }
    sink.text(']');
  }

  /** What BTF cannot print is shown as bytes. */
  #one(format: TraceElements['format'], bytes: Uint8Array, at: number): void {
    if (this.#options.whole && format.isBytes) {
      this.#sink.text(bytesText(bytes.subarray(at, at + format.size), format.size, format.size));
      return;
    }
    const before = this.#sink.pos;
    if (format.text(this.#sink, bytes, at) !== 0 && this.#sink.pos === before) {
      this.#sink.text(bytesText(bytes.subarray(at, at + format.size), format.size));
    }
  }
}

function described(object: Parameters<typeof objectText>[0]): string {
  return visibleText(objectText(object));
}

function pointerText(address: bigint): string {
  return address === 0n ? 'NULL' : `0x${address.toString(16)}`;
}

function seconds(nanoseconds: number, digits: number): string {
  return (nanoseconds / 1e9).toFixed(digits);
}

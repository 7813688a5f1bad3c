import { quoteJson, type Sink } from '../../output/index.ts';
import {
  objectType,
  type TraceCall,
  type TraceElements,
  type TraceEvent,
  type TraceMember,
  type TraceObject,
  type TraceValue,
} from '../../trace/index.ts';
import { toHex } from '../../bytes/index.ts';

/** Writes each event as one line of JSON. */
export class JsonLines {
  readonly #sink: Sink;
  #lost = 0;
  /** Of the call before, as most are of the same one. */
  #second = '0';
  #secondBegan = 0n;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  event(event: TraceEvent): void {
    if (event.kind !== 'call') {
      const parent = event.kind === 'fork' ? `,"parent":${event.parent}` : '';
      this.#sink.latin1(`{"event":"${event.kind}","pid":${event.pid}${parent}}\n`);
      return;
    }
    if (event.facts.lostBefore > 0) this.#lostLine(event.facts.lostBefore);
    this.#call(event);
  }

  /** Tells of what was lost after the last event. */
  end(lost: number): void {
    if (lost > this.#lost) this.#lostLine(lost - this.#lost);
  }

  #lostLine(count: number): void {
    this.#lost += count;
    this.#sink.latin1(`{"event":"lost","lost":${count}}\n`);
  }

  #call(call: TraceCall): void {
    const { facts } = call;
    const sink = this.#sink;
    const time = this.#time(call.time);
    sink.text(
      `{"event":"call","time":${time},"pid":${facts.pid},"tid":${facts.tid},"uid":${facts.uid},"cpu":${facts.cpu},` +
        `"comm":${quoted(facts.comm)},"call":"${facts.call}","command":${quoted(facts.command)},"size":${facts.attributeSize},"attributes":`,
    );
    const halves: TraceElements[] = [];
    if (facts.unreadAttribute === undefined) this.#attributes(call.members, halves);
    else this.#value({ kind: 'address', address: facts.unreadAttribute });
    this.#objects(call.members);
    for (const half of halves) this.#half(half);
    sink.text(`,"truncated":${halves.some(isTruncated) || facts.isIncomplete}`);
    // As the C library returns it: the errno is a member of its own.
    sink.text(`,"result":${facts.result < 0n ? -1 : facts.result}`);
    if (call.errnoName !== undefined) sink.text(`,"errno":"${call.errnoName}"`);
    if (call.resultObject !== undefined) {
      sink.text(',"object":');
      this.#object(call.resultObject);
    }
    sink.text(`,"duration_ns":${call.durationNs},"lost":${facts.lostBefore}}\n`);
  }

  /** Seconds as a number with nine decimals; readers with doubles lose the last of them. */
  #time(time: bigint): string {
    let rest = Number(time - this.#secondBegan);
    if (rest < 0 || rest >= 1e9) {
      const seconds = time / 1_000_000_000n;
      this.#second = String(seconds);
      this.#secondBegan = seconds * 1_000_000_000n;
      rest = Number(time - this.#secondBegan);
    }
    return `${this.#second}.${String(rest).padStart(9, '0')}`;
  }

  /** All but keys and values, which stand beside them. */
  #attributes(members: readonly TraceMember[], halves: TraceElements[]): void {
    const sink = this.#sink;
    sink.latin1('{');
    let isFirst = true;
    for (const { name, value } of members) {
      if (value.kind === 'elements') {
        halves.push(value);
        continue;
      }
      sink.text(`${isFirst ? '' : ','}${quoted(name === '' ? 'bytes' : name)}:`);
      isFirst = false;
      this.#value(value);
    }
    sink.latin1('}');
  }

  #value(value: TraceValue): void {
    const sink = this.#sink;
    switch (value.kind) {
      case 'number':
        sink.text(value.name === undefined ? String(value.value) : quoted(value.name));
        break;
      case 'fd':
        sink.text(String(value.fd));
        break;
      case 'text':
        sink.text(quoted(value.text));
        break;
      case 'words':
        sink.text(quoted(value.words));
        break;
      case 'types':
        sink.text(value.text === undefined ? `"${value.count} types"` : quoted(value.text));
        break;
      case 'address':
        // NULL is null, every other address an object.
        sink.text(value.address === 0n ? 'null' : `{"address":"0x${value.address.toString(16)}"}`);
        break;
      case 'bytes':
        sink.text(`"${toHex(value.bytes)}"`);
        break;
      case 'list':
        sink.latin1('[');
        value.items.forEach((item, index) => {
          if (index > 0) sink.latin1(',');
          this.#value(item);
        });
        sink.latin1(']');
        break;
      case 'struct':
        this.#attributes(value.members, []);
        break;
    }
  }

  /** What descriptors meant, by the member that has them. */
  #objects(members: readonly TraceMember[]): void {
    const sink = this.#sink;
    sink.latin1(',"objects":{');
    let isFirst = true;
    for (const { name, value } of members) {
      const object = value.kind === 'fd' || value.kind === 'elements' ? value.object : undefined;
      if (object === undefined) continue;
      sink.text(`${isFirst ? '' : ','}${quoted(name)}:`);
      isFirst = false;
      this.#object(object);
    }
    sink.latin1('}');
  }

  #object(object: TraceObject): void {
    const sink = this.#sink;
    const id = 'id' in object ? `,"id":${object.id}` : '';
    const type = objectType(object);
    sink.text(
      `{"kind":"${object.kind}"${id},"name":${quoted(object.name)}${type === '' ? '' : `,"type":${quoted(type)}`}`,
    );
    if (object.kind === 'perf') sink.text(`,"cpu":${object.cpu}`);
    if (object.kind === 'link') sink.text(`,"prog_id":${object.programId}`);
    sink.latin1('}');
  }

  /** `"key":…,"key_hex":"…"`; of a batch arrays of them. */
  #half(elements: TraceElements): void {
    const sink = this.#sink;
    const { half, bytes, stride, size, isBatch } = elements;
    const isNext = half === 'key' && elements.isNext;
    const name = isNext ? 'next_key' : isBatch ? `${half}s` : half;
    sink.latin1(`,"${name}":`);
    if (!isBatch) {
      // Part of a value cannot be decoded; its bytes stand beside it.
      if (isTruncated(elements)) sink.latin1('null');
      else this.#element(elements, 0);
      sink.latin1(`,"${name}_hex":"${toHex(bytes)}"`);
      return;
    }
    const count = stride > 0 ? Math.floor(Math.min(bytes.length, size) / stride) : 0;
    sink.latin1('[');
    for (let index = 0; index < count; index++) {
      if (index > 0) sink.latin1(',');
      this.#element(elements, index * stride);
    }
    sink.latin1(`],"${name}_hex":[`);
    for (let index = 0; index < count; index++) {
      sink.latin1(`${index > 0 ? ',' : ''}"${toHex(bytes.subarray(index * stride, (index + 1) * stride))}"`);
    }
    sink.latin1(']');
  }

  #element({ format, stride, bytes, ids }: TraceElements, at: number): void {
    const sink = this.#sink;
    const one = (from: number): void => {
      const before = sink.pos;
      // A printer that knows no form of the type writes nothing.
      if (format.json(sink, bytes, from) !== 0 && sink.pos === before) sink.latin1('null');
    };
    if (ids !== undefined || format.step === 0 || stride <= format.step) {
      one(at);
      return;
    }
    sink.latin1('[');
    for (let from = at; from + format.size <= at + stride; from += format.step) {
      if (from > at) sink.latin1(',');
      one(from);
    }
    sink.latin1(']');
  }
}

function isTruncated({ bytes, size }: TraceElements): boolean {
  return bytes.length < size;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const special = /[\u0000-\u001f"\\\u007f-\u009f]/;

/** A JSON string in which no control character stands as it is. */
function quoted(text: string): string {
  // Nearly all have none, and most are short.
  if (!special.test(text)) return `"${text}"`;
  return quoteJson(text).replace(/[\u007f-\u009f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

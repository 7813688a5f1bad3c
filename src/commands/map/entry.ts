import { alignUp } from '../../bytes/index.ts';
import { compileValuePrinter, type ValuePrinter } from '../../btf/index.ts';
import type { Context } from '../../cli/index.ts';
import type { MapInfo } from '../../kernel/index.ts';
import type { JsonWriter, Sink } from '../../output/index.ts';
import { isPerCpu, isMapInMap } from '../../uapi/index.ts';
import { possibleCpus } from '../../host/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { type ElementTypes, elementTypes } from './map-btf.ts';

/** Writes one element: its key at `keyAt`, its value (of all CPUs) at `valueAt`. Elements written before it: `index`. */
export type EntryWriter = (keys: Uint8Array, keyAt: number, values: Uint8Array, valueAt: number, index: number) => void;

interface Layout {
  readonly pretty: boolean;
  /** Containers open around the element. */
  readonly depth: number;
}

/** Number of CPUs a value holds; 1 unless the map is per-CPU. */
function cpusOf(ctx: Context, info: MapInfo): number {
  return isPerCpu(info.type) ? possibleCpus(kernelOf(ctx)) : 1;
}

class ElementText {
  readonly sink: Sink;
  readonly layout: Layout;

  constructor(sink: Sink, layout: Layout) {
    this.sink = sink;
    this.layout = layout;
  }

  /** A newline and the indentation `extra` levels inside the element's surroundings; nothing when compact. */
  line(extra: number): string {
    return this.layout.pretty ? `\n${'    '.repeat(this.layout.depth + extra)}` : '';
  }

  name(name: string): string {
    return `"${name}":${this.layout.pretty ? ' ' : ''}`;
  }

  /** A writer of `length` bytes as an array of `"0x2a"`, its bracket on a line of its own at `extra`. */
  hexArray(extra: number, length: number): (bytes: Uint8Array, at: number) => void {
    const { sink } = this;
    if (length === 0) return this.constant('[]');
    const end = Buffer.from(`${this.line(extra)}]`);
    const room = Math.min(length, pieceSize) * 7 + 3 + end.length;
    return (bytes, at) => {
      let next = at;
      sink.reserve(room);
      sink.buf[sink.pos++] = 91;
      for (const last = at + length - pieceSize; next < last; ) {
        next = this.#hexElements(bytes, next, pieceSize);
        sink.reserve(room);
      }
      this.#hexElements(bytes, next, at + length - next);
      const { buf } = sink;
      let pos = sink.pos - 1;
      for (let i = 0; i < end.length; i++) buf[pos++] = end[i]!;
      sink.pos = pos;
    };
  }

  /** Writes bytes as elements with a comma after each. There must be room. Returns where the next one is. */
  #hexElements(bytes: Uint8Array, from: number, count: number): number {
    const { view } = this.sink;
    let { pos } = this.sink;
    const end = from + count;
    for (let i = from; i < end; i++) {
      view.setFloat64(pos, hexElements[bytes[i]!]!, true);
      pos += 7;
    }
    this.sink.pos = pos;
    return end;
  }

  /** A writer of `length` bytes as text: 16 a line, two spaces after 8, no newline at the end. */
  hexText(length: number): (bytes: Uint8Array, at: number) => void {
    const { sink } = this;
    // Gaps repeat, so that those of one piece are enough; none follows the last byte.
    const gaps = Array.from({ length: Math.min(length, pieceSize) }, (_, i) =>
      i % 16 === 15 ? '\n' : i % 8 === 7 ? '  ' : ' ',
    );
    const gapLengths = Uint8Array.from(gaps, (gap) => gap.length);
    const gapWords = Uint16Array.from(gaps, (gap) => Buffer.from(gap.padEnd(2), 'latin1').readUInt16BE(0));
    const piece = (bytes: Uint8Array, at: number, count: number) => {
      sink.reserve(count * 4);
      const { view } = sink;
      let { pos } = sink;
      for (let i = 0; i < count; i++) {
        view.setUint16(pos, hexPairs[bytes[at + i]!]!);
        // A shorter gap's second byte is overwritten next.
        view.setUint16(pos + 2, gapWords[i]!);
        pos += 2 + gapLengths[i]!;
      }
      sink.pos = pos;
    };
    if (length === 0) return () => undefined;
    const lastGap = gapLengths[(length - 1) % pieceSize]!;
    return (bytes, at) => {
      const end = at + length;
      for (let next = at; next < end; next += pieceSize) piece(bytes, next, Math.min(pieceSize, end - next));
      sink.pos -= lastGap;
    };
  }

  constant(text: string): () => void {
    const { sink } = this;
    const bytes = Buffer.from(text);
    const { length } = bytes;
    if (length > 64) return () => sink.bytes(bytes);
    // Whole words, the last one padded: what it writes too much is overwritten next.
    const words = new Float64Array(Math.ceil(length / 8));
    const padded = Buffer.alloc(words.length * 8);
    bytes.copy(padded);
    for (let i = 0; i < words.length; i++) words[i] = padded.readDoubleLE(i * 8);
    if (words.length === 1) {
      const [word] = words;
      return () => {
        sink.reserve(8);
        sink.view.setFloat64(sink.pos, word!, true);
        sink.pos += length;
      };
    }
    return () => {
      sink.reserve(length + 7);
      const { view, pos } = sink;
      for (let i = 0; i < words.length; i++) view.setFloat64(pos + i * 8, words[i]!, true);
      sink.pos = pos + length;
    };
  }
}

/** Bytes of a value written at once, a multiple of 16: the text of a large one never is in memory as a whole. */
const pieceSize = 8192;

/** `"0x2a",` of each byte and a place for what follows, as the number whose eight bytes they are: one store each. */
const hexElements = Float64Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(`"0x${hexOf(byte)}", `, 'latin1').readDoubleLE(0),
);
const hexPairs = Uint16Array.from({ length: 256 }, (_, byte) => Buffer.from(hexOf(byte), 'latin1').readUInt16BE(0));

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** `{"key":…,"value":…}` decoded, `extra` levels inside the element's surroundings. */
function decodedObject(
  text: ElementText,
  types: ElementTypes,
  { info, cpus, plain, extra }: { info: MapInfo; cpus: number; plain: boolean; extra: number },
) {
  const { pretty, depth } = text.layout;
  const { sink } = text;
  const printer = (id: number, levels: number): ValuePrinter =>
    compileValuePrinter(types.btf, id, { plain, pretty, depth: depth + extra + levels });
  const key = types.keyTypeId === 0 ? undefined : printer(types.keyTypeId, 1);
  const comma = key === undefined ? '' : ',';
  const open = text.constant(`{${key === undefined ? '' : `${text.line(extra + 1)}${text.name('key')}`}`);
  const close = text.constant(`${text.line(extra)}}`);
  const orNull = (print: ValuePrinter, bytes: Uint8Array, at: number): number => {
    const before = sink.pos;
    const status = print(sink, bytes, at);
    if (status !== 0 && sink.pos === before) sink.latin1('null');
    return status;
  };
  if (!isPerCpu(info.type)) {
    const value = printer(types.valueTypeId, 1);
    const middle = text.constant(`${comma}${text.line(extra + 1)}${text.name('value')}`);
    return (keys: Uint8Array, keyAt: number, values: Uint8Array, valueAt: number) => {
      open();
      if (key === undefined || orNull(key, keys, keyAt) === 0) {
        middle();
        orNull(value, values, valueAt);
      }
      close();
    };
  }
  const value = printer(types.valueTypeId, 3);
  const step = alignUp(info.valueSize, 8);
  const middle = text.constant(`${comma}${text.line(extra + 1)}${text.name('values')}[`);
  const heads = Array.from({ length: cpus }, (_, cpu) =>
    text.constant(
      `${cpu > 0 ? ',' : ''}{${text.line(extra + 3)}${text.name('cpu')}${cpu},${text.line(extra + 3)}${text.name('value')}`,
    ),
  );
  const tail = text.constant(`${text.line(extra + 2)}}`);
  const end = text.constant(`${text.line(extra + 1)}]`);
  return (keys: Uint8Array, keyAt: number, values: Uint8Array, valueAt: number) => {
    open();
    if (key === undefined || orNull(key, keys, keyAt) === 0) {
      middle();
      for (let cpu = 0; cpu < cpus; cpu++) {
        heads[cpu]!();
        const status = orNull(value, values, valueAt + cpu * step);
        tail();
        if (status !== 0) break;
      }
      end();
    }
    close();
  };
}

/** Elements as plain text's JSON: decoded only. */
export function decodedWriter(ctx: Context, info: MapInfo, types: ElementTypes, depth: number): EntryWriter {
  const text = new ElementText(ctx.stdout, { pretty: true, depth });
  const object = decodedObject(text, types, { info, cpus: cpusOf(ctx, info), plain: true, extra: 0 });
  const comma = text.constant(',');
  return (keys, keyAt, values, valueAt, index) => {
    if (index > 0) comma();
    object(keys, keyAt, values, valueAt);
  };
}

/** Elements for `-j` and `-p`: raw bytes, and `formatted` where there are types. */
export function jsonWriter(
  ctx: Context,
  json: JsonWriter,
  info: MapInfo,
  types: ElementTypes | undefined,
): EntryWriter {
  const text = new ElementText(json.sink, { pretty: json.pretty, depth: json.depth });
  const { sink } = json;
  const cpus = cpusOf(ctx, info);
  const step = alignUp(info.valueSize, 8);
  const perCpu = isPerCpu(info.type);
  const inner = isMapInMap(info.type);
  const comma = text.constant(',');
  const open = text.constant(`{${text.line(1)}${text.name('key')}`);
  const key = text.hexArray(1, info.keySize);
  const middle = text.constant(`,${text.line(1)}${text.name(perCpu ? 'values' : 'value')}${perCpu ? '[' : ''}`);
  const value = text.hexArray(perCpu ? 3 : 1, info.valueSize);
  const heads = Array.from({ length: perCpu ? cpus : 0 }, (_, cpu) =>
    text.constant(
      `${cpu > 0 ? ',' : ''}{${text.line(3)}${text.name('cpu')}${cpu},${text.line(3)}${text.name('value')}`,
    ),
  );
  const tail = text.constant(`${text.line(2)}}`);
  const end = text.constant(`${text.line(1)}]`);
  const formatted = text.constant(`,${text.line(1)}${text.name('formatted')}`);
  const object = types && decodedObject(text, types, { info, cpus, plain: false, extra: 1 });
  const close = text.constant(`${text.line(0)}}`);
  return (keys, keyAt, values, valueAt, index) => {
    if (index > 0) comma();
    open();
    key(keys, keyAt);
    middle();
    if (perCpu) {
      for (let cpu = 0; cpu < cpus; cpu++) {
        heads[cpu]!();
        value(values, valueAt + cpu * step);
        tail();
      }
      end();
    } else {
      value(values, valueAt);
      if (inner) sink.latin1(`,${text.line(1)}${text.name('inner_map_id')}${innerId(values, valueAt)}`);
    }
    if (object !== undefined) {
      formatted();
      object(keys, keyAt, values, valueAt);
    }
    close();
  };
}

/** Elements as hexadecimal text. */
export function plainWriter(ctx: Context, info: MapInfo): EntryWriter {
  const { keySize, valueSize } = info;
  const sink = ctx.stdout;
  const text = new ElementText(sink, { pretty: false, depth: 0 });
  const key = text.hexText(keySize);
  const value = text.hexText(valueSize);
  const newline = text.constant('\n');
  if (isPerCpu(info.type)) {
    const step = alignUp(valueSize, 8);
    const gap = valueSize > 16 ? '\n' : ' ';
    const keyHead = text.constant('key:\n');
    const heads = Array.from({ length: valueSize > 0 ? cpusOf(ctx, info) : 0 }, (_, cpu) =>
      text.constant(`value (CPU ${String(cpu).padStart(2, '0')}):${gap}`),
    );
    return (keys, keyAt, values, valueAt) => {
      if (keySize > 0) {
        keyHead();
        key(keys, keyAt);
        newline();
      }
      for (const [cpu, head] of heads.entries()) {
        head();
        value(values, valueAt + cpu * step);
        newline();
      }
    };
  }
  const broken = keySize > 16 || valueSize > 16;
  const gap = broken ? '\n' : ' ';
  const inner = isMapInMap(info.type);
  const keyHead = text.constant(`key:${gap}`);
  const afterKey = text.constant(keySize + valueSize <= 24 && !broken ? '  ' : '\n');
  const valueHead = text.constant(`value:${gap}`);
  return (keys, keyAt, values, valueAt) => {
    if (keySize > 0) {
      keyHead();
      key(keys, keyAt);
      afterKey();
    }
    if (inner && valueSize > 0) {
      sink.latin1(`inner_map_id:${gap}${innerId(values, valueAt)} `);
    } else if (valueSize > 0) {
      valueHead();
      value(values, valueAt);
    }
    newline();
  };
}

/** One element by itself, as `lookup` and `pop` print it. Where its types cannot be had nothing more is printed. */
export function printOneEntry(ctx: Context, info: MapInfo, key: Uint8Array, value: Uint8Array): void {
  let types: ElementTypes | undefined;
  try {
    types = elementTypes(ctx, info);
  } catch (error) {
    ctx.error((error as Error).message);
    return;
  }
  if (ctx.json !== undefined) {
    ctx.json.beginValue();
    jsonWriter(ctx, ctx.json, info, types)(key, 0, value, 0, 0);
  } else if (types !== undefined) {
    decodedWriter(ctx, info, types, 0)(key, 0, value, 0, 0);
    ctx.print('\n');
  } else plainWriter(ctx, info)(key, 0, value, 0, 0);
}

function innerId(values: Uint8Array, at: number): number {
  return new DataView(values.buffer, values.byteOffset + at, 4).getUint32(0, true);
}

// Elements in the three forms of the reference: print_entry_json(), print_entry_plain() and do_dump_btf() of bpftool's
// src/map.c. Whatever does not depend on the element is made once, since dumps print millions.
import { alignUp } from '../../bytes/index.ts';
import { compileValuePrinter, type ValuePrinter } from '../../btf/index.ts';
import type { Context } from '../../cli/index.ts';
import type { MapInfo } from '../../kernel/index.ts';
import { ElementText, type JsonWriter } from '../../output/index.ts';
import { isPerCpu, isMapInMap } from '../../uapi/index.ts';
import { possibleCpus } from '../../host/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { type ElementTypes, elementTypes } from './map-btf.ts';

/** Writes one element: its key at `keyAt`, its value (of all CPUs) at `valueAt`. Elements written before it: `index`. */
export type EntryWriter = (keys: Uint8Array, keyAt: number, values: Uint8Array, valueAt: number, index: number) => void;

/** Number of CPUs a value holds; 1 unless the map is per-CPU. */
function cpusOf(ctx: Context, info: MapInfo): number {
  return isPerCpu(info.type) ? possibleCpus(kernelOf(ctx)) : 1;
}

/** `{"key":…,"value":…}` decoded, `extra` levels deeper than the element. */
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
  // A map may have a type for its values only.
  const comma = key === undefined ? '' : ',';
  const open = text.constant(`{${key === undefined ? '' : `${text.line(extra + 1)}${text.name('key')}`}`);
  const close = text.constant(`${text.line(extra)}}`);
  // A printer that fails has written nothing for a type it does not know; the member name needs a value all the same.
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
      // The reference stops at the first part that cannot be printed: no value after such a key.
      if (key === undefined || orNull(key, keys, keyAt) === 0) {
        middle();
        orNull(value, values, valueAt);
      }
      close();
    };
  }
  const value = printer(types.valueTypeId, 3);
  // The kernel pads each CPU's value to 8 bytes.
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
      // A lookup gives the id of the inner map, where an update takes a descriptor.
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
    // Longer values begin a line of their own. `key:` always does so for these maps.
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
  // Either side above 16 bytes puts both on lines of their own, below their names; up to 24 bytes together share one.
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
      // The blank at the end is the reference's.
      sink.latin1(`inner_map_id:${gap}${innerId(values, valueAt)} `);
    } else if (valueSize > 0) {
      valueHead();
      value(values, valueAt);
    }
    newline();
  };
}

/**
 * One element by itself, as `lookup` and `pop` print it. Where its types cannot be had nothing more is printed.
 * get_map_kv_btf() of the reference reports the failure, and its caller returns without a status: it stays 0.
 */
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

import { UsageError } from '../errors/index.ts';
import { fastEncoder } from './fast-encoder.ts';
import type { JsonSource } from './json-source.ts';
import { parseJsonValue } from './json-value.ts';
import { layoutEncoder } from './value-encoder.ts';
import { type FieldLayout, layoutSize, memberNames, type Pieces, type ValueLayout } from './value-layout.ts';

/** Where a value goes: from byte `at` on, which is zero. `view` is of the same memory; `path` begins messages. */
export interface ReadTarget {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly at: number;
  readonly path: string;
}

/** Reads the next value of a text into bytes. UsageError names the path of what does not fit. */
export type ReadValue = (source: JsonSource, target: ReadTarget) => void;

/**
 * A reader of one layout, which takes what the encoder takes: of a large array or struct element by element, so that neither
 * its text nor its value is in memory as a whole.
 */
export function valueReader(layout: ValueLayout, how: Pieces): ReadValue {
  const whole = wholeReader(layout, how);
  if (layoutSize(layout) <= how.bytes) return whole;
  if (layout.kind === 'array') {
    const list = listReader(layout, how);
    return (source, target) => (source.peek() === bracket ? list : whole)(source, target);
  }
  if (layout.kind !== 'struct') return whole;
  const object = structReader(layout, how);
  return (source, target) => (source.peek() === brace ? object : whole)(source, target);
}

const bracket = 91;
const brace = 123;
const nameBytes = 4096;

function wholeReader(layout: ValueLayout, how: Pieces): ReadValue {
  const encode = layoutEncoder(layout, how.littleEndian);
  return (source, target) => encode(parseJsonValue(source.value(target.path), target.path), target);
}

function listReader(layout: ValueLayout & { kind: 'array' }, how: Pieces): ReadValue {
  const { length, stride, element } = layout;
  const tooMany = (path: string): never => {
    throw new UsageError(`${path}: more than ${length} elements do not fit ${layout.text}`);
  };
  if (stride > how.bytes) {
    const read = valueReader(element, how);
    return (source, target) => {
      source.oneOf('[', target.path);
      if (source.takes(']')) return;
      for (let i = 0; ; i++) {
        if (i === length) tooMany(target.path);
        read(source, { ...target, at: target.at + i * stride, path: `${target.path}[${i}]` });
        if (source.oneOf(',]', target.path) === ']') return;
      }
    };
  }
  const fast = fastEncoder(element, how.littleEndian);
  const encode = layoutEncoder(element, how.littleEndian);
  return (source, { bytes, view, at, path }) => {
    source.oneOf('[', path);
    for (let count = 0; ; ) {
      const { text, ended } = source.elements(how.bytes, path);
      const items = parseJsonValue(`[${text}]`, path) as unknown[];
      if (items.length === 0 && (!ended || count > 0)) source.bad(path, 'expected a value');
      if (count + items.length > length) tooMany(path);
      for (let i = 0, to = at + count * stride; i < items.length; i++, to += stride) {
        if (fast?.(items[i], view, bytes, to)) continue;
        // It may have written some of it.
        bytes.fill(0, to, to + stride);
        encode(items[i], { bytes, at: to, path: `${path}[${count + i}]` });
      }
      if (ended) return;
      count += items.length;
    }
  };
}

/** Large members are read where they stand; the small ones are encoded together, and with them what is no member. */
function structReader(layout: ValueLayout & { kind: 'struct' | 'union' }, how: Pieces): ReadValue {
  const large = largeMembers(layout.fields, how, 0);
  const encodeSmall = layoutEncoder(layout, how.littleEndian);
  return (source, target) => {
    const small: Record<string, unknown> = Object.create(null);
    const seen = new Set<string>();
    source.oneOf('{', target.path);
    for (let next = source.takes('}') ? '}' : ','; next !== '}'; next = source.oneOf(',}', target.path)) {
      const name = memberName(source, target.path);
      if (seen.has(name)) throw new UsageError(`${target.path}: '${name}' is given twice`);
      seen.add(name);
      const member = large.get(name);
      const path = `${target.path}.${name}`;
      if (member !== undefined) member.read(source, { ...target, at: target.at + member.at, path });
      else small[name] = parseJsonValue(source.value(path), path);
    }
    encodeSmall(small, target);
  };
}

/** The name of a member, up to its colon. */
export function memberName(source: JsonSource, path: string): string {
  source.oneOf('"', path);
  let text = '"';
  for (let ended = false; !ended; ) {
    const part = source.characters(nameBytes, path);
    text += part.text;
    ended = part.ended && !/(^|[^\\])(\\\\)*\\$/.test(text);
    if (part.ended) text += '"';
  }
  source.oneOf(':', path);
  return String(parseJsonValue(text, path));
}

interface LargeMember {
  readonly at: number;
  readonly read: ReadValue;
}

/** By name; those of anonymous structs too, but not where members of a union may contradict each other. */
function largeMembers(fields: readonly FieldLayout[], how: Pieces, base: number): Map<string, LargeMember> {
  const found = new Map<string, LargeMember>();
  for (const { name, bitOffset, bitSize, layout } of fields) {
    const at = base + (bitOffset >>> 3);
    if (bitSize > 0 || layoutSize(layout) <= how.bytes) continue;
    if (name !== '') found.set(name, { at, read: valueReader(layout, how) });
    else if (layout.kind === 'struct') {
      for (const [inner, member] of largeMembers(layout.fields, how, at)) found.set(inner, member);
    }
  }
  const names = memberNames(fields);
  // The first of equal names is the one that counts, wherever it is.
  for (const name of found.keys()) if (names.indexOf(name) !== names.lastIndexOf(name)) found.delete(name);
  return found;
}

import { jsonText } from './json-value.ts';
import { layoutDecoder } from './value-decoder.ts';
import { layoutEncoder } from './value-encoder.ts';
import { type FieldLayout, isWhole, layoutSize, memberNames, type Pieces, type ValueLayout } from './value-layout.ts';

/** Writes the values of one type as JSON in pieces, so that the text of a large one is never in memory as a whole. */
export interface ValueText {
  /** Whether what `write` writes gives all bytes of the value back: false where padding or unused bits are set. */
  isExact(bytes: Uint8Array, at: number): boolean;
  /** Hands on the text of `jsonText` for the decoded value, piece by piece. All its bytes must be there. */
  write(bytes: Uint8Array, at: number, put: (text: string) => void): void;
}

/** The text of a layout: of a large array or struct piece by piece, of everything else at once. */
export function valueText(layout: ValueLayout, how: Pieces): ValueText {
  if (layoutSize(layout) <= how.bytes) return whole(layout, how);
  if (layout.kind === 'array') {
    const list = listText(layout, how);
    return layout.isText ? textOr(list, layout.length) : list;
  }
  if (layout.kind === 'struct' || layout.kind === 'union') {
    const members = memberTexts(layout, how);
    if (members !== undefined) return braced(members);
  }
  return whole(layout, how);
}

function whole(layout: ValueLayout, how: Pieces): ValueText {
  const decode = layoutDecoder(layout, { text: 'exact', enums: 'names', littleEndian: how.littleEndian });
  const encode = layoutEncoder(layout, how.littleEndian);
  const size = layoutSize(layout);
  const always = isAlwaysExact(layout);
  let again: Uint8Array | undefined;
  return {
    isExact: (bytes, at) => {
      if (always) return true;
      again ??= new Uint8Array(size);
      again.fill(0);
      encode(decode(bytes, at), { bytes: again, at: 0, path: 'value' });
      for (let i = 0; i < size; i++) if (again[i] !== bytes[at + i]) return false;
      return true;
    },
    write: (bytes, at, put) => put(jsonText(decode(bytes, at))),
  };
}

/** Types of which every value comes back: whole integers, and what is made of nothing else without gaps. */
function isAlwaysExact(layout: ValueLayout): boolean {
  switch (layout.kind) {
    case 'int':
      return isWhole(layout);
    case 'array':
      return isAlwaysExact(layout.element);
    case 'struct': {
      let end = 0;
      for (const { bitOffset, bitSize, layout: inner } of layout.fields) {
        if (bitSize > 0 || bitOffset !== end || !isAlwaysExact(inner)) return false;
        end += layoutSize(inner) * 8;
      }
      return end === layout.size * 8;
    }
    default:
      return false;
  }
}

function listText(layout: ValueLayout & { kind: 'array' }, how: Pieces): ValueText {
  const { length, stride } = layout;
  const group = Math.max(1, Math.floor(how.bytes / Math.max(1, stride)));
  // Elements in groups of about `how.bytes`; one that is larger goes in pieces of its own.
  const part = (count: number): ValueText =>
    stride > how.bytes
      ? valueText(layout.element, how)
      : unwrapped(bytesText(layout, count) ?? whole({ ...layout, isText: false, length: count }, how));
  const full = part(group);
  const rest = length % group;
  const last = rest === 0 ? full : part(rest);
  return {
    isExact: (bytes, at) => {
      for (let i = 0; i < length; i += group) {
        // The last group is shorter where the length is no multiple.
        if (!(i + group > length ? last : full).isExact(bytes, at + i * stride)) return false;
      }
      return true;
    },
    write: (bytes, at, put) => {
      put('[');
      for (let i = 0; i < length; i += group) {
        if (i > 0) put(',');
        (i + group > length ? last : full).write(bytes, at + i * stride, put);
      }
      put(']');
    },
  };
}

/** Bytes need no decoding. */
function bytesText({ element }: ValueLayout & { kind: 'array' }, count: number): ValueText | undefined {
  if (element.kind !== 'int' || element.size !== 1 || !isWhole(element)) return undefined;
  const List = element.signed ? Int8Array : Uint8Array;
  return {
    isExact: () => true,
    write: (bytes, at, put) => {
      put(`[${new List(bytes.buffer as ArrayBuffer, bytes.byteOffset + at, count).join(',')}]`);
    },
  };
}

/** What is written as one text, without its first and last character. */
function unwrapped(text: ValueText): ValueText {
  return {
    isExact: (bytes, at) => text.isExact(bytes, at),
    write: (bytes, at, put) => text.write(bytes, at, (piece) => put(piece.slice(1, -1))),
  };
}

function braced(members: ValueText): ValueText {
  return {
    isExact: (bytes, at) => members.isExact(bytes, at),
    write: (bytes, at, put) => {
      put('{');
      members.write(bytes, at, put);
      put('}');
    },
  };
}

/** A char array: a string where its bytes are one, else what `list` writes. */
function textOr(list: ValueText, length: number): ValueText {
  return {
    isExact: (bytes, at) => list.isExact(bytes, at),
    write: (bytes, at, put) => {
      const end = textEnd(bytes.subarray(at, at + length));
      if (end < 0) return list.write(bytes, at, put);
      put('"');
      for (const piece of decoded(bytes.subarray(at, at + end))) put(JSON.stringify(piece).slice(1, -1));
      put('"');
    },
  };
}

/** Where the NUL is that ends the text, after which only NULs follow; -1 where bytes are no text in UTF-8. */
function textEnd(bytes: Uint8Array): number {
  const end = bytes.indexOf(0);
  if (end < 0) return -1;
  for (let i = end + 1; i < bytes.length; i++) if (bytes[i] !== 0) return -1;
  try {
    for (const _piece of decoded(bytes.subarray(0, end)));
  } catch {
    return -1;
  }
  return end;
}

/** Of text, decoded together. */
const textBytes = 16 * 1024;

function* decoded(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let at = 0; at < bytes.length; at += textBytes) {
    yield decoder.decode(bytes.subarray(at, at + textBytes), { stream: at + textBytes < bytes.length });
  }
}

interface Part {
  /** Bytes from the start of the struct that the members of this part take. */
  readonly start: number;
  readonly end: number;
  readonly text: ValueText;
}

/** The members without braces. Undefined where members overlap, or JavaScript would put their names in another order. */
function memberTexts(layout: ValueLayout & { kind: 'struct' | 'union' }, how: Pieces): ValueText | undefined {
  const names = memberNames(layout.fields);
  if (new Set(names).size < names.length || names.some((name) => /^\d|^__proto__$/.test(name))) return undefined;
  const parts: Part[] = [];
  let small: FieldLayout[] = [];
  const endSmall = () => {
    if (small.length > 0) parts.push(smallPart(small, how));
    small = [];
  };
  for (const field of layout.fields) {
    const { start, end } = extent(field);
    const first = small[0];
    if (field.bitSize === 0 && end - start > how.bytes) {
      endSmall();
      // Of a union each member is a part, since all of them lie at the same place.
      const text = largePart(field, how);
      if (text === undefined) return undefined;
      parts.push({ start, end, text });
    } else {
      const isFull = first !== undefined && end - extent(first).start > how.bytes;
      if (layout.kind === 'union' || (isFull && start >= extent(small.at(-1)!).end)) endSmall();
      small.push(field);
    }
  }
  endSmall();
  const gaps = layout.kind === 'union' ? unionGaps(parts, layout.size) : gapsBetween(parts, layout.size);
  if (gaps === undefined) return undefined;
  return {
    isExact: (bytes, at) =>
      gaps.every(({ start, end }) => isZero(bytes, at + start, at + end)) &&
      parts.every(({ start, text }) => text.isExact(bytes, at + start)),
    write: (bytes, at, put) => {
      let any = false;
      for (const { start, text } of parts) {
        let comma = any ? ',' : '';
        text.write(bytes, at + start, (piece) => {
          if (piece === '') return;
          put(`${comma}${piece}`);
          comma = '';
          any = true;
        });
      }
    },
  };
}

function largePart({ name, layout }: FieldLayout, how: Pieces): ValueText | undefined {
  if (name === '') {
    return layout.kind === 'struct' || layout.kind === 'union' ? memberTexts(layout, how) : undefined;
  }
  const value = valueText(layout, how);
  return {
    isExact: (bytes, at) => value.isExact(bytes, at),
    write: (bytes, at, put) => {
      put(`${JSON.stringify(name)}:`);
      value.write(bytes, at, put);
    },
  };
}

/** Members that follow each other, as a struct of their own. */
function smallPart(fields: readonly FieldLayout[], how: Pieces): Part {
  const start = Math.min(...fields.map((field) => extent(field).start));
  const end = Math.max(...fields.map((field) => extent(field).end));
  const moved = fields.map((field) => ({ ...field, bitOffset: field.bitOffset - start * 8 }));
  const layout: ValueLayout = { kind: 'struct', size: end - start, fields: moved, text: 'struct' };
  return { start, end, text: unwrapped(whole(layout, how)) };
}

/** The bytes a member touches, from the start of its struct. */
function extent({ bitOffset, bitSize, layout }: FieldLayout): { start: number; end: number } {
  const start = bitOffset >>> 3;
  if (bitSize > 0) return { start, end: Math.ceil((bitOffset + bitSize) / 8) };
  return { start, end: start + layoutSize(layout) };
}

function gapsBetween(parts: readonly Part[], size: number): { start: number; end: number }[] | undefined {
  const gaps: { start: number; end: number }[] = [];
  let at = 0;
  for (const { start, end } of parts) {
    if (start < at) return undefined;
    if (start > at) gaps.push({ start: at, end: start });
    at = end;
  }
  if (at > size) return undefined;
  if (at < size) gaps.push({ start: at, end: size });
  return gaps;
}

/** Members of a union all begin where it does. */
function unionGaps(parts: readonly Part[], size: number): { start: number; end: number }[] | undefined {
  const end = Math.max(0, ...parts.map((part) => part.end));
  return end > size ? undefined : [{ start: end, end: size }];
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

// Types and members by name, found without decoding names: of a kernel's hundred thousand only a few are needed.
import { encodeUtf8 } from '../bytes/index.ts';
import type { RecordView } from './record-view.ts';
import { headWords } from './records.ts';

const noText = new Uint8Array(0);
const headHashes = 4096;

/** Ids of all types of that name, ascending, the base's first. */
export function idsNamed(types: RecordView, name: string): number[] {
  if (name === '') return [];
  const text = encodeUtf8(name);
  return idsThatBegin(types, [name]).filter((id) => textIs(types, types.nameOffset(id), text));
}

/** Id of the first type of that name (and kind, BTF_KIND_*), 0 if there is none. */
export function idNamed(types: RecordView, name: string, kind?: number): number {
  return idsNamed(types, name).find((id) => kind === undefined || types.kind(id) === kind) ?? 0;
}

/** Ids of all types whose names begin with one of these texts (none empty), ascending, the base's first. */
export function idsThatBegin(types: RecordView, texts: readonly string[]): number[] {
  const ids = types.base === undefined ? [] : idsThatBegin(types.base, texts);
  const encoded = texts.map((text) => encodeUtf8(text));
  const marks = new Uint8Array(headHashes);
  for (const [a, b, c] of encoded) {
    if (b === undefined || c === undefined) marks.fill(1);
    else marks[hashOfHead(a!, b, c)] = 1;
  }
  const { words, starts } = types;
  const end = starts.length;
  const next = (from: number) => nextWithHead(types, marks, from);
  for (let index = next(0); index < end; index = next(index + 1)) {
    const offset = words[starts[index]!]!;
    if (encoded.some((text) => textBegins(types, offset, text))) ids.push(types.firstId + index);
  }
  return ids;
}

/** Index of the first member, from `from` on, with this name (UTF-8) or without one; their number if there is none. */
export function nextMemberNamed(types: RecordView, id: number, from: number, text: Uint8Array): number {
  if (id < types.firstId && types.base !== undefined) return nextMemberNamed(types.base, id, from, text);
  const count = types.vlen(id);
  const { words, strings, stringStart } = types;
  const names = (types.recordStart(id) ?? 0) + headWords;
  for (let index = from; index < count; index++) {
    const offset = words[names + index * 3]!;
    const head = strings[offset - stringStart];
    // Names that are the base's have none here.
    if (head !== undefined && head !== 0 && head !== text[0]) continue;
    if (textIs(types, offset, text) || textIs(types, offset, noText)) return index;
  }
  return count;
}

/** Whether the string at `offset` is `text` (UTF-8, without NUL). */
function textIs(types: RecordView, offset: number, text: Uint8Array): boolean {
  if (offset < types.stringStart) return textIs(types.base!, offset, text);
  return textBegins(types, offset, text) && types.strings[offset - types.stringStart + text.length] === 0;
}

function textBegins(types: RecordView, offset: number, text: Uint8Array): boolean {
  if (offset < types.stringStart) return textBegins(types.base!, offset, text);
  const at = offset - types.stringStart;
  for (let i = 0; i < text.length; i++) if (types.strings[at + i] !== text[i]) return false;
  return true;
}

/** Of a name's first three bytes: few other names share it. */
function hashOfHead(a: number, b: number, c: number): number {
  return (a + (b << 4) + (c << 7)) % headHashes;
}

/**
 * Index of the next own type, from `from` on, whose name's head has a marked hash or is not among the own strings; or
 * their number. It looks at each of a kernel's types, so it is small and simple: V8 compiles it while it runs.
 */
function nextWithHead(types: RecordView, marks: Uint8Array, from: number): number {
  const { words, starts, strings, stringStart } = types;
  const end = starts.length;
  for (let index = from; index < end; index++) {
    const offset = words[starts[index]!]!;
    if (offset === 0) continue;
    const at = offset - stringStart;
    if (at < 0 || at + 2 >= strings.length || marks[hashOfHead(strings[at]!, strings[at + 1]!, strings[at + 2]!)] === 1)
      return index;
  }
  return end;
}

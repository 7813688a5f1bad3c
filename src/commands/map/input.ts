import { type Context, fail, isPrefix, strtoul, type Words } from '../../cli/index.ts';
import { elementValueSize, ipBytes, type MapInfo, prefixKey } from '../../kernel/index.ts';
import { BPF_ANY, BPF_EXIST, BPF_NOEXIST, holdsPrograms, isMapInMap, isPerCpu, mapType } from '../../uapi/index.ts';
import { alignUp } from '../../bytes/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { selectMap } from '../shared/select-map.ts';
import { selectProgram } from '../shared/select-prog.ts';
import { atJson, codecOf, readJson } from './typed.ts';

/** Which parts of an element the command takes. */
export interface ElementParts {
  readonly key: boolean;
  /** The word `key` is required even where keys have no bytes: getnext and delete. */
  readonly emptyKey?: boolean;
  /** The words `value …` may follow. */
  readonly value: boolean;
  /** The update flags may follow. */
  readonly flags: boolean;
  /** How a map that is itself the value is opened; a program is always opened in full. */
  readonly readOnly: boolean;
}

/** An element from the command line. `close` gives back the map or program a value refers to. */
export interface ElementInput {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** BPF_ANY, BPF_NOEXIST or BPF_EXIST. */
  readonly flags: number;
  close(): void;
}

/** Reads `key DATA`, `value DATA`, where DATA may be `json TEXT`, and the update flags, in any order, each once, until no word is left. */
export async function readElement(
  ctx: Context,
  words: Words,
  info: MapInfo,
  parts: ElementParts,
): Promise<ElementInput> {
  const kernel = kernelOf(ctx);
  const key = new Uint8Array(info.keySize);
  const value = new Uint8Array(elementValueSize(kernel, info));
  // What may still come. A key or value of no bytes must not come at all.
  let [owesKey, owesValue, owesFlags] = [
    parts.key && (info.keySize > 0 || parts.emptyKey === true),
    parts.value && info.valueSize > 0,
    parts.flags,
  ];
  let flags: number = BPF_ANY;
  let referred: { close(): void } | undefined;
  const close = () => referred?.close();
  try {
    while (words.left > 0) {
      if (words.take('key')) {
        // The reference says `unnecessary` of a part the map or the verb does not have, `duplicate` of a second one.
        if (!owesKey) fail(parts.key && info.keySize > 0 ? 'duplicate key' : 'unnecessary key');
        if (atJson(words)) key.set(await readJson(ctx, words, 'key', (await codecOf(ctx, info)).key));
        else if (words.peek() === 'ip') readAddress(words, info, key);
        else readBytes(words, 'key', key);
        owesKey = false;
      } else if (words.take('value')) {
        if (!owesValue) fail(parts.value && info.valueSize > 0 ? 'duplicate value' : 'unnecessary value');
        if (atJson(words)) value.set(await readJson(ctx, words, 'value', (await codecOf(ctx, info)).value));
        else referred = readValue(ctx, words, { info, value, readOnly: parts.readOnly });
        owesValue = false;
      } else if (words.at('any') || words.at('noexist') || words.at('exist')) {
        const word = words.next();
        if (!owesFlags) fail(`flags specified multiple times: ${word}`);
        if (isPrefix(word, 'any')) flags = BPF_ANY;
        else flags = isPrefix(word, 'noexist') ? BPF_NOEXIST : BPF_EXIST;
        owesFlags = false;
      } else {
        fail(`expected key or value, got: ${words.peek()}`);
      }
    }
    if (owesKey || owesValue) fail(`did not find ${owesKey ? 'key' : 'value'}`);
  } catch (error) {
    close();
    throw error;
  }
  return { key, value, flags, close };
}

function readValue(
  ctx: Context,
  words: Words,
  { info, value, readOnly }: { info: MapInfo; value: Uint8Array; readOnly: boolean },
): { close(): void } | undefined {
  const mapOfMaps = isMapInMap(info.type);
  if (!mapOfMaps && !holdsPrograms(info.type)) {
    readBytes(words, 'value', value.subarray(0, info.valueSize));
    // One value is written for every CPU; each copy begins at a multiple of 8 bytes.
    if (isPerCpu(info.type)) {
      const step = alignUp(info.valueSize, 8);
      for (let at = step; at < value.length; at += step) value.copyWithin(at, 0, info.valueSize);
    }
    return undefined;
  }
  const kind = mapOfMaps ? 'map in map' : 'map of progs';
  // Both hold descriptors, which the kernel exchanges for references. Lookups give back ids.
  if (info.valueSize !== 4) fail(`value smaller than 4B for ${kind}?`);
  if (words.left < 2) fail(`not enough value arguments for ${kind}`);
  // The kernel empties a program array when its last descriptor is closed, and no pin holds it.
  if (!mapOfMaps && words.at('id')) {
    ctx.info(
      'Warning: updating program array via MAP_ID, make sure this map is kept open\n' +
        '         by some process or pinned otherwise update will be lost',
    );
  }
  const object = mapOfMaps ? selectMap(ctx, words, { readOnly }) : selectProgram(ctx, words);
  new DataView(value.buffer).setUint32(0, object.fd.number, true);
  return object;
}

/** `ip ADDRESS[/LENGTH]`: the key of a trie, else an address that fills the key. */
function readAddress(words: Words, { type, id }: MapInfo, into: Uint8Array): void {
  words.next();
  if (words.left === 0) fail("key ip: expected an address after 'ip', as 10.0.0.0/8");
  const word = words.next();
  const isTrie = mapType(type)?.isTrie === true;
  const bytes = isTrie ? prefixKey(word) : ipBytes(word);
  if (bytes === undefined)
    fail(`key ip: '${word}' is no IP address${word.includes('/') ? '; a prefix is a key of tries only' : ''}`);
  if (bytes.length !== into.length) {
    fail(`key ip: '${word}' makes a key of ${bytes.length} bytes, the keys of map ${id} have ${into.length}`);
  }
  into.set(bytes);
}

/** `[hex] BYTE…`: exactly as many bytes as `into` holds. A number that is no byte (−128…255) is refused. */
function readBytes(words: Words, what: string, into: Uint8Array): void {
  const base = words.take('hex') ? 16 : 0;
  let count = 0;
  for (; count < into.length && words.left > 0; count++) {
    const word = words.next();
    const plain = base === 0 ? plainByte(word) : -1;
    if (plain >= 0) {
      into[count] = plain;
      continue;
    }
    const { value, rest } = strtoul(word, base);
    if (rest !== '') fail(`error parsing byte: ${word}`);
    const byte = BigInt.asIntN(64, value);
    if (byte < -128n || byte > 255n) fail(`${what} byte ${count + 1}: ${word} does not fit a byte (-128 to 255)`);
    into[count] = Number(byte & 0xffn);
  }
  if (count !== into.length) fail(`${what} expected ${into.length} bytes got ${count}`);
}

/** The value of an ordinary decimal byte, without the general parser's cost; -1 for every other word. */
function plainByte(word: string): number {
  const { length } = word;
  if (length === 0 || length > 3 || (length > 1 && word.charCodeAt(0) === 48)) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = word.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= 255 ? value : -1;
}

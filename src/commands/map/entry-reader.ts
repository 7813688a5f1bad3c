import { type JsonSource, memberName } from '../../btf/index.ts';
import { UsageError } from '../../errors/index.ts';
import type { ElementCodec, HalfCodec } from '../../kernel/index.ts';
import type { CollectedElements } from './collected.ts';

/** Reads `{"key":…,"value":…}`, or their bytes, into place `at` while it is read. UsageError names what does not fit. */
export function readEntry(source: JsonSource, codec: ElementCodec, collected: CollectedElements, at: number): void {
  const { key, value } = codec;
  const { keys, keyView, values, valueView } = collected;
  // What must still come, exactly once each.
  const owed = new Set(key.size > 0 ? ['key', 'value'] : ['value']);
  source.oneOf('{', 'entry');
  for (let next = source.takes('}') ? '}' : ','; next !== '}'; next = source.oneOf(',}', 'entry')) {
    const name = memberName(source, 'entry');
    const isHex = name.endsWith('_hex');
    const part = isHex ? name.slice(0, -4) : name;
    if ((part !== 'key' || key.size === 0) && part !== 'value') unknownMember(name);
    if (!owed.delete(part)) givenTwice();
    const half = part === 'key' ? key : value;
    const [bytes, view] = part === 'key' ? [keys, keyView] : [values, valueView];
    if (isHex) readHex(source, name, half, { bytes, at: at * half.size });
    else half.read(source, { bytes, view, at: at * half.size, path: part });
  }
  for (const part of owed) throw new UsageError(`entry: no ${part}`);
  if (!isBlank(source)) source.bad('entry', 'expected nothing more');
}

/** Refuses a line that names one member twice. */
export function givenTwice(): never {
  throw new UsageError('entry: a part is given twice');
}

/** Refuses a line with a member that no element has. */
export function unknownMember(name: string): never {
  throw new UsageError(`entry: unknown member '${name}'`);
}

/** Nothing more is in the line. */
export function isBlank(source: JsonSource): boolean {
  const byte = source.peek();
  return byte === -1 || byte === 10;
}

/** Pairs of digits, as they come. */
function readHex(
  source: JsonSource,
  name: string,
  half: HalfCodec,
  { bytes, at }: { bytes: Uint8Array; at: number },
): void {
  // The code of `"`.
  if (source.peek() !== 34) badDigits(name);
  source.takes('"');
  let [count, rest] = [0, ''];
  for (let ended = false; !ended; ) {
    const part = source.characters(1 << 16, name);
    ended = part.ended;
    const digits = rest + part.text;
    const whole = digits.length - (digits.length % 2);
    if (!/^[0-9a-f]*$/i.test(digits)) badDigits(name);
    // Digits beyond the half are counted but not stored, so that the message can name how many there were.
    const room = Math.min(whole / 2, half.size - count);
    bytes.set(Buffer.from(digits.slice(0, room * 2), 'hex'), at + count);
    count += whole / 2;
    rest = digits.slice(whole);
  }
  if (rest !== '') badDigits(name);
  if (count !== half.size) throw new UsageError(`${name}: expected ${half.size} bytes got ${count}`);
}

/** Refuses text that is not pairs of hexadecimal digits. */
export function badDigits(name: string): never {
  throw new UsageError(`${name}: expected pairs of hexadecimal digits`);
}

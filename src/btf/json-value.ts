import { UsageError } from '../errors/index.ts';

/** A string that begins with it stands for an integer; nobody can know it beforehand. */
const mark = globalThis.crypto.randomUUID();

/**
 * JSON text as a value, every integer exact: those beyond 2^53 become bigints. UsageError with `what` and the position
 * for text that is no JSON.
 */
export function parseJsonValue(text: string, what = 'value'): unknown {
  if (!/\d{16}/.test(text)) return parse(text, what);
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, (token) =>
    /^-?\d{16,}$/.test(token) ? `"${mark}${token}"` : token,
  );
  const restore = (_name: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
  // A first reading of the text itself keeps positions in errors true, and refuses `"a"12345678901234567`.
  parse(text, what);
  return JSON.parse(marked, restore);
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${what}: ${(cause as Error).message}`, { cause });
  }
}

/** A decoded value as compact JSON that `parseJsonValue` reads back: what no JSON number can hold is a string. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_name, item) => {
    if (typeof item === 'bigint') {
      const number = Number(item);
      return Number.isSafeInteger(number) ? number : String(item);
    }
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    if (Object.is(item, -0)) return '-0';
    return item instanceof Uint8Array ? [...item] : item;
  });
}

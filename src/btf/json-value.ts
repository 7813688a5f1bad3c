import { UsageError } from '../errors/index.ts';

/**
 * JSON text as a value, every number exact or left to who takes it: integers beyond 2^53 become bigints, numbers beyond
 * the largest double their own text. UsageError with `what` and the position for text that is no JSON.
 */
export function parseJsonValue(text: string, what = 'value'): unknown {
  if (!/\d{16}|\de\+?\d{3}/i.test(text)) return parse(text, what);
  // A string that begins with it stands for an integer; nobody can know it beforehand.
  const mark = globalThis.crypto.randomUUID();
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, (token) => {
    if (/^-?\d{16,}$/.test(token)) return `"${mark}${token}"`;
    return token[0] !== '"' && !Number.isFinite(Number(token)) ? `"${token}"` : token;
  });
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

/** Integers of more digits are strings: JSON readers lose their last digits, and this one then reads lines together. */
const mostDigits = 10n ** 15n;

/** A decoded value as compact JSON that `parseJsonValue` reads back: what no JSON number can hold is a string. */
export function jsonText(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? String(value)
        : `"${Object.is(value, -0) ? '-0' : value}"`;
    case 'bigint':
      return value < mostDigits && value > -mostDigits ? String(value) : `"${value}"`;
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'object': {
      if (value === null) return 'null';
      if (value instanceof Uint8Array) return `[${value.join(',')}]`;
      if (Array.isArray(value)) {
        let text = '[';
        for (const item of value) text += text.length === 1 ? jsonText(item) : `,${jsonText(item)}`;
        return `${text}]`;
      }
      let text = '{';
      for (const [name, item] of Object.entries(value)) {
        text += `${text.length === 1 ? '' : ','}${JSON.stringify(name)}:${jsonText(item)}`;
      }
      return `${text}}`;
    }
    default:
      return 'null';
  }
}

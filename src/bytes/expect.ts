import { UsageError } from '../errors/index.ts';

/** How many bytes an array must have. */
export type ExpectedLength = { readonly exactly: number } | { readonly least: number };

/**
 * Refuses what is no Uint8Array of that many bytes, with a UsageError that names `what`. The kernel takes the length of
 * an array from elsewhere, so that one that is too short would let it read and write beyond. A detached array has none.
 */
export function expectBytes(bytes: unknown, what: string, length: ExpectedLength): asserts bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new UsageError(`${what}: expected a Uint8Array, got ${kindOf(bytes)}`);
  if ('exactly' in length) {
    if (bytes.length === length.exactly) return;
    throw new UsageError(`${what}: expected ${length.exactly} bytes, got ${bytes.length}`);
  }
  if (bytes.length >= length.least) return;
  throw new UsageError(`${what}: expected at least ${length.least} bytes, got ${bytes.length}`);
}

/** Refuses what is no whole number from `least` to `most`, with a UsageError that names `what`. */
export function expectInteger(
  value: unknown,
  what: string,
  { least = 0, most = 0xffff_ffff }: { readonly least?: number; readonly most?: number } = {},
): asserts value is number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  const got = typeof value === 'number' ? String(value) : kindOf(value);
  throw new UsageError(`${what}: expected a whole number from ${least} to ${most}, got ${got}`);
}

/** Refuses what is no object, with a UsageError that names `what`. */
export function expectObject(value: unknown, what: string): asserts value is object {
  if (typeof value !== 'object' || value === null) throw new UsageError(`${what}, not ${kindOf(value)}`);
}

/** Refuses what is given and no text. */
export function expectText(value: unknown, what: string): asserts value is string | undefined {
  if (value !== undefined && typeof value !== 'string')
    throw new UsageError(`${what}: expected text, got ${kindOf(value)}`);
}

/** What is iterable, as an array; UsageError for what is not. */
export function listOf<T>(values: Iterable<T>, what: string): T[] {
  if (typeof (values as Iterable<T> | undefined)?.[Symbol.iterator] === 'function') return [...values];
  throw new UsageError(`${what}: expected a list, got ${kindOf(values)}`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value;
}

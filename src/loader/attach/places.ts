import { UsageError } from '../../errors/index.ts';

/** What a target without any place is refused with. */
export function noPlace(): UsageError {
  return new UsageError('there is no place to attach to');
}

/** Places as the kernel reads them: an array of 64-bit words. UsageError if there are none. */
export function places64(places: readonly bigint[]): Uint8Array {
  if (places.length === 0) throw noPlace();
  return new Uint8Array(BigUint64Array.from(places).buffer);
}

/** A word for each of `count` places; undefined if the caller gave none. UsageError if it gave more or fewer. */
export function wordsFor(what: string, words: readonly bigint[] | undefined, count: number): Uint8Array | undefined {
  if (words === undefined) return undefined;
  if (words.length !== count) throw new UsageError(`${words.length} ${what} for ${count} places`);
  return new Uint8Array(BigUint64Array.from(words).buffer);
}

/** What bpf_get_attach_cookie() tells a program at each place. A pattern cannot have them. */
export function cookies64(
  target: object & { readonly cookies?: readonly bigint[] },
  count: number,
): Uint8Array | undefined {
  if ('pattern' in target && target.cookies !== undefined)
    throw new UsageError('the places of a pattern have no cookies');
  return wordsFor('cookies', target.cookies, count);
}

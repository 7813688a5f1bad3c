import { nearest } from '../shared/nearest.ts';

/** What other programs call it. */
const alsoCalled: Readonly<Record<string, readonly string[]>> = {
  get: ['lookup', 'show'],
  set: ['update'],
  add: ['update', 'attach'],
  rm: ['delete', 'detach'],
  remove: ['delete', 'detach'],
  unload: ['detach'],
  info: ['show'],
};

/** The one of `known` that was most likely meant by `word`; undefined where none is like it. */
export function meantBy(word: string, known: readonly string[]): string | undefined {
  if (word === '') return undefined;
  // `maps` and `program` begin with what is meant.
  const begun = known.find((name) => name.length >= 3 && word.toLowerCase().startsWith(name));
  const other = alsoCalled[word]?.find((name) => known.includes(name));
  return (
    begun ??
    other ??
    nearest(word, known).find(
      (name) => name.endsWith(word) || name.includes(`_${word}`) || Math.abs(name.length - word.length) <= 4,
    )
  );
}

import { editDistance } from '../../bytes/index.ts';

/** Those of `names` that `word` may be a misspelling of, nearest first: at most a third of the letters differ. */
export function nearest(word: string, names: readonly string[]): string[] {
  const most = Math.max(1, Math.floor(word.length / 3));
  const lower = word.toLowerCase();
  return [...new Set(names)]
    .map((name) => ({ name, distance: editDistance(lower, name.toLowerCase(), Number.POSITIVE_INFINITY) }))
    .filter(({ name, distance }) => distance <= most || (lower.length > 2 && name.toLowerCase().includes(lower)))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
}

import { editDistance } from '../../bytes/index.ts';

const maxSuggestions = 3;

/** The names nearest to one that is wrong, best first: those at most a third of its length away. */
export function nearestNames(query: string, names: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(query.length / 3));
  const found = new Map<string, number>();
  for (const name of names) {
    // The difference in length is the least that the distance can be.
    if (name === '' || Math.abs(name.length - query.length) > limit || found.has(name)) continue;
    const distance = editDistance(query, name, limit);
    if (distance <= limit) found.set(name, distance);
  }
  const best = Math.min(...found.values());
  // Those that are further off than the best would only distract.
  return [...found]
    .filter(([, distance]) => distance <= best + 1)
    .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    .slice(0, maxSuggestions)
    .map(([name]) => name);
}

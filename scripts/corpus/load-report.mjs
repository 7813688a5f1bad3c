// Tells what loading the corpus showed.
import { Table } from './table.mjs';

/** Reasons that the reference gives for a refusal are printed from the most frequent on. */
const shownReasons = 25;

/** Prints tables and differences; answers whether all was equal. `offered`: how many objects there are. */
export function reportLoads({ results, ended, offered, project }) {
  const columns = ['objects', 'load', 'refused', 'equal', 'differ', 'programs', 'maps'];
  const table = new Table(columns);
  const reasons = new Map();
  for (const { source, loads, reason, programs, maps, differences } of results) {
    table.count(source, 'objects');
    table.count(source, loads ? 'load' : 'refused');
    table.count(source, differences.length === 0 ? 'equal' : 'differ');
    table.count(source, 'programs', programs);
    table.count(source, 'maps', maps);
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  table.print('prog loadall, both programs');
  const [load, refused] = ['load', 'refused'].map((name) => table.total(name));
  console.log(`\nthe reference loads ${load} objects and is refused ${refused}:`);
  const frequent = [...reasons].sort((a, b) => b[1] - a[1]);
  for (const [reason, count] of frequent.slice(0, shownReasons)) console.log(`${String(count).padStart(6)}  ${reason}`);
  const others = frequent.slice(shownReasons);
  if (others.length > 0) {
    console.log(
      `${String(others.reduce((sum, [, count]) => sum + count, 0)).padStart(6)}  (${others.length} other reasons)`,
    );
  }
  for (const { test, differences } of results) {
    if (differences.length === 0) continue;
    console.log(`DIFFERENT ${test.replace(`${project}/`, '')}\n  ${differences.join('\n  ')}`);
  }
  if (results.length < offered) console.log(`${offered - results.length} objects were not reached in the time given`);
  if (!ended) console.log('the run did not come to its end');
  return ended && results.length > 0 && table.total('differ') === 0;
}

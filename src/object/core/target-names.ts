import { idsThatBegin, type RecordView } from '../../btf/index.ts';
import { essentialName } from '../externs.ts';

/** Types of targets by name, flavours aside: of the names that were asked for only, found by one look at all types. */
export class TargetNames {
  readonly #known = new Map<RecordView, Map<string, number[]>>();

  /** Ids by name, ascending; `names` are all there, those of no type with no id. */
  of(target: RecordView, names: Iterable<string>): ReadonlyMap<string, readonly number[]> {
    const known = this.#known.get(target) ?? new Map<string, number[]>();
    this.#known.set(target, known);
    const added = [...names].filter((name) => name !== '' && !known.has(name));
    for (const name of added) known.set(name, []);
    if (added.length === 0) return known;
    const isAdded = new Set(added);
    for (const id of idsThatBegin(target, added)) {
      const name = essentialName(target.name(id));
      if (isAdded.has(name)) known.get(name)!.push(id);
    }
    return known;
  }
}

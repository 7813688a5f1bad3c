import type { Btf } from '../parse.ts';
import { Kind } from '../records.ts';
import { NameCounts } from './name-counts.ts';

/** Names in the text of one dump: where a name is used again it gets a number. Tags and other names count separately. */
export class CNames {
  readonly #btf: Btf;
  /** By id. */
  readonly #known: (string | undefined)[] = [];
  readonly #tags: NameCounts;
  readonly #identifiers: NameCounts;

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#tags = new NameCounts(btf.strings);
    this.#identifiers = new NameCounts(btf.strings);
  }

  /** A struct's, union's or enum's. */
  tag(id: number): string {
    return this.#name(id, this.#tags);
  }

  /** A typedef's. */
  identifier(id: number): string {
    return this.#name(id, this.#identifiers);
  }

  /** What follows the name of an enumerator, at a string offset: nothing, or its number. */
  enumeratorSuffix(offset: number): string {
    const count = this.#identifiers.use(offset);
    return count > 1 ? `___${count}` : '';
  }

  #name(id: number, uses: NameCounts): string {
    const { graph } = this.#btf;
    const offset = graph.name(id);
    if (offset === 0) return '';
    const known = this.#known[id];
    if (known !== undefined) return known;
    let name = this.#btf.str(offset);
    const kind = graph.kind(id);
    const declares = kind === Kind.fwd || (kind === Kind.enum && graph.vlen(id) === 0);
    if (name !== '' && !declares) {
      const count = uses.use(offset);
      if (count > 1) name = `${name}___${count}`.slice(0, 255);
    }
    this.#known[id] = name;
    return name;
  }
}

import type { Btf } from '../parse.ts';
import { kindOf } from '../records.ts';

/** Names in the text of one dump: where a name is used again it gets a number. Tags and other names count separately. */
export class CNames {
  readonly #btf: Btf;
  readonly #known = new Map<number, string>();
  readonly #tags = new Map<string, number>();
  readonly #identifiers = new Map<string, number>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** A struct's, union's or enum's. */
  tag(id: number): string {
    return this.#name(id, this.#tags);
  }

  /** A typedef's. */
  identifier(id: number): string {
    return this.#name(id, this.#identifiers);
  }

  /** An enumerator's, at a string offset. */
  enumerator(offset: number): string {
    const name = this.#btf.str(offset);
    const count = countUse(this.#identifiers, name);
    return count > 1 ? `${name}___${count}` : name;
  }

  #name(id: number, uses: Map<string, number>): string {
    const { graph } = this.#btf;
    const offset = graph.name(id);
    if (offset === 0) return '';
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    let name = this.#btf.str(offset);
    const kind = graph.kind(id);
    const declares = kind === kindOf.fwd || (kind === kindOf.enum && graph.vlen(id) === 0);
    if (name !== '' && !declares) {
      const count = countUse(uses, name);
      if (count > 1) name = `${name}___${count}`.slice(0, 255);
    }
    this.#known.set(id, name);
    return name;
  }
}

/** Counts one more use of a name and says the how-manieth it is. */
function countUse(uses: Map<string, number>, name: string): number {
  const count = (uses.get(name) ?? 0) + 1;
  uses.set(name, count);
  return count;
}

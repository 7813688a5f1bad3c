interface Candidates {
  /** Newest last, as of the growth they were last brought up to date with. */
  readonly ids: number[];
  growth: number;
}

/**
 * Canonical types by hash. Where several match, which one is found first decides the result, so the order is that of
 * the hash map libbpf uses: newest first, but turned round each time the table had to grow.
 */
export class CandidateTable {
  readonly #lists = new Map<number, Candidates>();
  #size = 0;
  #capacity = 0;
  #growth = 0;

  add(hash: number, id: number): void {
    if (Math.floor(((this.#size + 1) * 4) / 3) > this.#capacity) {
      this.#capacity = Math.max(4, this.#capacity * 2);
      this.#growth++;
    }
    this.#size++;
    const list = this.#lists.get(hash);
    if (list === undefined) this.#lists.set(hash, { ids: [id], growth: this.#growth });
    else this.#current(list).ids.push(id);
  }

  /** The first candidate, in order, that `matches` accepts. */
  find(hash: number, matches: (id: number) => boolean): number | undefined {
    const list = this.#lists.get(hash);
    if (list === undefined) return undefined;
    const { ids } = this.#current(list);
    for (let i = ids.length - 1; i >= 0; i--) if (matches(ids[i]!)) return ids[i];
    return undefined;
  }

  #current(list: Candidates): Candidates {
    if ((this.#growth - list.growth) % 2 === 1) list.ids.reverse();
    list.growth = this.#growth;
    return list;
  }
}

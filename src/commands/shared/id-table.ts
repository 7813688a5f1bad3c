/**
 * Values by id, several to an id, that come back in the order the reference lists them: its hash table puts a value
 * before those its id has, and turns each id's values around whenever it grows.
 */
export class IdTable<V> {
  readonly #values = new Map<number, V[]>();
  #size = 0;
  #capacity = 0;

  /** Number of values. */
  get size(): number {
    return this.#size;
  }

  append(id: number, value: V): void {
    if (Math.floor(((this.#size + 1) * 4) / 3) > this.#capacity) {
      this.#capacity = this.#capacity === 0 ? 4 : this.#capacity * 2;
      for (const values of this.#values.values()) values.reverse();
    }
    this.#size++;
    const values = this.#values.get(id);
    if (values === undefined) this.#values.set(id, [value]);
    else values.unshift(value);
  }

  get(id: number): readonly V[] | undefined {
    return this.#values.get(id);
  }
}

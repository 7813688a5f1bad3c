const unprocessed = 0xffff_ffff;
const inProgress = 0xffff_fffe;
const maxId = 0x7fff_ffff;

/** For each type the one that stands for it: itself where it is canonical. */
export class CanonicalMap {
  readonly #ids: Uint32Array;

  constructor(count: number) {
    this.#ids = new Uint32Array(count).fill(unprocessed);
    this.#ids[0] = 0;
  }

  isMapped(id: number): boolean {
    return this.#ids[id]! <= maxId;
  }

  isCanonical(id: number): boolean {
    return this.#ids[id] === id;
  }

  isInProgress(id: number): boolean {
    return this.#ids[id] === inProgress;
  }

  begin(id: number): void {
    this.#ids[id] = inProgress;
  }

  set(id: number, canonical: number): void {
    this.#ids[id] = canonical;
  }

  /** Follows the map to its end: the canonical type, or the last one that is not mapped yet. */
  resolve(id: number): number {
    let at = id;
    for (let next = this.#ids[at]!; next <= maxId && next !== at; next = this.#ids[at]!) at = next;
    return at;
  }
}

const smallest = 4;

/**
 * Canonical types by hash. Where several match, which one is found first decides the result, so that the order is that
 * of the hash map libbpf uses: newest first, but turned round each time the table grows. An id is in it once at most.
 */
export class CandidateTable {
  /** The newest id of each bucket, 0 for none. */
  #heads = new Uint32Array(0);
  /** Id → the next of its bucket, 0 for none. */
  readonly #next: Uint32Array;
  readonly #hashes: Int32Array;
  #size = 0;

  /** For ids up to `typeCount`. */
  constructor(typeCount: number) {
    this.#next = new Uint32Array(typeCount + 1);
    this.#hashes = new Int32Array(typeCount + 1);
  }

  add(hash: number, id: number): void {
    if (Math.floor(((this.#size + 1) * 4) / 3) > this.#heads.length) this.#grow();
    this.#size++;
    this.#hashes[id] = hash;
    const bucket = bucketOf(hash, this.#heads.length);
    this.#next[id] = this.#heads[bucket]!;
    this.#heads[bucket] = id;
  }

  /** The first id of this hash, 0 if there is none. */
  first(hash: number): number {
    if (this.#size === 0) return 0;
    return this.#ofHash(this.#heads[bucketOf(hash, this.#heads.length)]!, hash);
  }

  /** The id after this one among those of its hash, 0 if there is none. */
  after(id: number): number {
    return this.#ofHash(this.#next[id]!, this.#hashes[id]!);
  }

  #ofHash(first: number, hash: number): number {
    let id = first;
    while (id !== 0 && this.#hashes[id] !== hash) id = this.#next[id]!;
    return id;
  }

  /** As libbpf: each bucket in turn, from its newest on, is put before what is there already. */
  #grow(): void {
    const old = this.#heads;
    const next = this.#next;
    const heads = new Uint32Array(Math.max(smallest, old.length * 2));
    for (let i = 0; i < old.length; i++) {
      for (let id = old[i]!, following = 0; id !== 0; id = following) {
        following = next[id]!;
        const bucket = bucketOf(this.#hashes[id]!, heads.length);
        next[id] = heads[bucket]!;
        heads[bucket] = id;
      }
    }
    this.#heads = heads;
  }
}

/** `count` is a power of two. */
function bucketOf(hash: number, count: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> 7) & (count - 1);
}

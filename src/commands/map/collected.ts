import type { ElementCodec, ElementsToWrite } from '../../kernel/index.ts';

/** Elements that one BPF_MAP_UPDATE_BATCH gets at most, and bytes of keys and values together. */
const maxCount = 16384;
const maxBytes = 2 * 1024 * 1024;

/** Elements that will be written together, and the line each came from. What is not filled is zero. */
export class CollectedElements {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly keyView: DataView;
  readonly valueView: DataView;
  readonly #keySize: number;
  readonly #valueSize: number;
  /** Line of the input that each element came from, for messages. */
  readonly #lines: Uint32Array;
  #count = 0;

  constructor(codec: ElementCodec) {
    this.#keySize = codec.key.size;
    this.#valueSize = codec.value.size;
    // An element larger than the whole budget goes alone.
    const capacity = Math.max(1, Math.min(maxCount, Math.floor(maxBytes / (this.#keySize + this.#valueSize))));
    this.keys = new Uint8Array(capacity * this.#keySize);
    this.values = new Uint8Array(capacity * this.#valueSize);
    this.keyView = new DataView(this.keys.buffer);
    this.valueView = new DataView(this.values.buffer);
    this.#lines = new Uint32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.#lines.length;
  }

  /** Counts the element that has been encoded at `count`. */
  add(line: number): void {
    this.#lines[this.#count++] = line;
  }

  line(index: number): number {
    return this.#lines[index]!;
  }

  /** The elements from an index on. */
  from(index: number): ElementsToWrite {
    return {
      keys: this.keys.subarray(index * this.#keySize),
      values: this.values.subarray(index * this.#valueSize),
      count: this.#count - index,
    };
  }

  /** Undoes what was encoded for one element. */
  erase(index: number): void {
    this.keys.fill(0, index * this.#keySize, (index + 1) * this.#keySize);
    this.values.fill(0, index * this.#valueSize, (index + 1) * this.#valueSize);
  }

  clear(): void {
    this.keys.fill(0, 0, this.#count * this.#keySize);
    this.values.fill(0, 0, this.#count * this.#valueSize);
    this.#count = 0;
  }
}

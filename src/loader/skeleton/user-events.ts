import { compileValueEncoder, type ValueEncoder } from '../../btf/index.ts';
import { UsageError } from '../../errors/index.ts';
import { type BpfMap, UserRingBuffer } from '../../kernel/index.ts';
import { type EventTypes, eventTypeNamed } from './events.ts';

/** What is sent to programs through a user ring buffer. It is open from the first sending on. */
export class UserEvents<T = unknown> implements Disposable {
  readonly map: BpfMap;
  readonly #name: string;
  readonly #types: EventTypes;
  readonly #encoders = new Map<number, ValueEncoder>();
  #ring: UserRingBuffer | undefined;

  constructor(map: BpfMap, name: string, types: EventTypes) {
    this.map = map;
    this.#name = name;
    this.#types = types;
  }

  /** The ring itself. It is closed with this. */
  get ring(): UserRingBuffer {
    this.#ring ??= new UserRingBuffer(this.map.kernel, this.map.fd.number);
    return this.#ring;
  }

  /**
   * Sends bytes, or a value of a type of the object's BTF: of that which is named, or that the map declares. False where
   * there is no room until programs have taken some. UsageError for a value that does not fit.
   */
  send(value: T, { type: name }: { readonly type?: string } = {}): boolean {
    if (value instanceof Uint8Array && name === undefined) return this.ring.send(value);
    const { btf } = this.#types;
    const type = name === undefined ? this.#types.type : eventTypeNamed(this.#types, name, this.#name);
    if (btf === undefined || type === undefined) {
      throw new UsageError(
        `map '${this.#name}' declares no type: name one of the object's as { type: 'event_t' }, or send bytes`,
      );
    }
    let encode = this.#encoders.get(type);
    if (encode === undefined) {
      encode = compileValueEncoder(btf, type);
      this.#encoders.set(type, encode);
    }
    return this.ring.send(encode(value));
  }

  close(): void {
    this.#ring?.close();
    this.#ring = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

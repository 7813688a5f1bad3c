import type { Contents } from './contents.ts';
import type { PerfMemory, RingMemory } from './rings.ts';

/** What every object of the fake kernel is: it lives as long as a descriptor, a pin or another object refers to it. */
interface Counted {
  readonly id: number;
  references: number;
  /** What it refers to itself. */
  readonly held: FakeObject[];
}

export interface FakeMap extends Counted {
  readonly kind: 'map';
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  /** Bytes of an element's value as it is copied: of all CPUs where there is one for each. */
  readonly copiedSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly extra: bigint;
  readonly btf: { readonly id: number; readonly keyTypeId: number; readonly valueTypeId: number } | undefined;
  readonly contents: Contents;
  readonly ring: RingMemory | undefined;
  isFrozen: boolean;
}

export interface FakeProgram extends Counted {
  readonly kind: 'prog';
  readonly name: string;
  readonly type: number;
  readonly attachType: number;
  readonly code: Uint8Array;
  readonly tag: Uint8Array;
  readonly loadTime: bigint;
  readonly isGpl: boolean;
  readonly btfId: number;
  readonly functionInfo: Uint8Array;
  readonly lineInfo: Uint8Array;
}

export interface FakeLink extends Counted {
  readonly kind: 'link';
  readonly type: number;
  program: FakeProgram;
  readonly attachType: number;
  /** What it is attached to: a device's index, a path, … ; undefined once it is detached. */
  target: number | string | undefined;
  /** Of a raw tracepoint. */
  readonly text: string;
}

export interface FakeBtf extends Counted {
  readonly kind: 'btf';
  readonly bytes: Uint8Array;
}

export type FakeObject = FakeMap | FakeProgram | FakeLink | FakeBtf;
export type ObjectOf<K extends FakeObject['kind']> = Extract<FakeObject, { kind: K }>;

/** All objects of a fake kernel, by kind and id. Ids are given in order and none twice. */
export class ObjectTable {
  readonly #tables: { readonly [K in FakeObject['kind']]: Map<number, ObjectOf<K>> } = {
    map: new Map(),
    prog: new Map(),
    link: new Map(),
    btf: new Map(),
  };
  readonly #lastIds = { map: 0, prog: 0, link: 0, btf: 0 };

  /** Adds an object that nothing refers to yet; it holds what it refers to. */
  add<K extends FakeObject['kind']>(kind: K, facts: Omit<ObjectOf<K>, 'id' | 'kind' | 'references'>): ObjectOf<K> {
    const object = { ...facts, kind, id: ++this.#lastIds[kind], references: 0 } as unknown as ObjectOf<K>;
    for (const held of object.held) this.hold(held);
    this.#tables[kind].set(object.id, object);
    return object;
  }

  byId<K extends FakeObject['kind']>(kind: K, id: number): ObjectOf<K> | undefined {
    return this.#tables[kind].get(id);
  }

  all<K extends FakeObject['kind']>(kind: K): Iterable<ObjectOf<K>> {
    return this.#tables[kind].values();
  }

  /** How many there are. */
  count(kind: FakeObject['kind']): number {
    return this.#tables[kind].size;
  }

  hold(object: FakeObject): void {
    object.references++;
  }

  /** Lets go of an object, which ends with its last reference. */
  drop(object: FakeObject): void {
    if (--object.references > 0) return;
    this.#tables[object.kind].delete(object.id);
    for (const held of object.held) this.drop(held);
  }
}

/** A perf event; it has memory once that is mapped. */
export interface FakeEvent {
  readonly kind: 'event';
  memory: PerfMemory | undefined;
}

/** What a descriptor is open on. Several descriptors may share one, as after dup(2). */
export type Description = { references: number } & (
  | { readonly kind: 'object'; readonly object: FakeObject; readonly canRead: boolean; readonly canWrite: boolean }
  | { readonly kind: 'file'; readonly path: string; position: number }
  | FakeEvent
  | { readonly kind: 'epoll'; readonly watched: { readonly description: Description; readonly data: number }[] }
  | { readonly kind: 'statistics' }
);

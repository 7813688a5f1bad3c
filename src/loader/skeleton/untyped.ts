import { editDistance } from '../../bytes/index.ts';
import { UsageError } from '../../errors/index.ts';
import type { BpfMap, ElementValue, MapOfMaps, QueueMap, TypedMap, UpdateMode } from '../../kernel/index.ts';
import type { WithFd } from '../fd-of.ts';
import { mapTypeName } from '../../uapi/index.ts';
import type { EventRecord, EventSource } from './events.ts';
import type { UserEvents } from './user-events.ts';

/** What is common to all kinds of maps, and what each of them has. */
export type MapKinds = TypedMap &
  Omit<EventSource<EventRecord>, keyof TypedMap> &
  Omit<QueueMap, keyof TypedMap> &
  Omit<MapOfMaps, keyof TypedMap> &
  Omit<UserEvents, keyof TypedMap>;

/**
 * A map of which the kind is known at run time only: it has the methods of its kind, and the others throw UsageError, which
 * says what there is instead.
 */
export type AnyMap = MapKinds & {
  /** Into a map of maps or programs. */
  set(key: ElementValue, value: WithFd | { readonly map: WithFd }, mode?: UpdateMode): void;
};

/** What some kinds of maps have. */
const methods = [
  ...[
    'get',
    'has',
    'set',
    'delete',
    'take',
    'setMany',
    'deleteMany',
    'entries',
    'keys',
    'values',
    'schema',
    'elements',
    'batches',
  ],
  ...[
    'idOf',
    'ids',
    'inner',
    'push',
    'pop',
    'peek',
    'drain',
    'records',
    'events',
    'raw',
    'open',
    'send',
    'pin',
    'freeze',
  ],
];

/** Gives a map the methods of other kinds, which tell what it is. */
export function refuseOthers(object: object, map: BpfMap): void {
  for (const method of methods) {
    if (method in object) continue;
    const value = () => {
      const { name, type } = map.info();
      const own = methods.filter((other) => other !== method && other in object && !Object.hasOwn(object, other));
      const has = own.length === 0 ? '' : `: it has ${own.join(', ')}`;
      throw new UsageError(`map '${name}' is of type ${mapTypeName(type) ?? type}, which has no ${method}()${has}`);
    };
    Object.defineProperty(object, method, { value, configurable: true });
  }
}

/** A record that has what is put into it and nothing else: names may be any. */
export function emptyRecord(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

/** What others ask of any object: it is not there, and that is no mistake. */
const askedOfAll = new Set(['then', 'toJSON', 'constructor', 'toString', 'valueOf', 'inspect', 'nodeType', '$$typeof']);

/** As `emptyRecord`, but UsageError, which begins with `problem`, for a member that is not there. */
export function refusingRecord(problem: string): Record<string, unknown> {
  const record: Record<string, unknown> = Object.create(
    new Proxy(emptyRecord(), {
      get(_, name) {
        if (typeof name === 'symbol' || askedOfAll.has(name) || name.startsWith('@@')) return undefined;
        return namedOf(Object.keys(record), name, problem);
      },
    }),
  );
  return record;
}

/** UsageError for a name that is not among those there are. */
export function namedOf(names: readonly string[], name: string, problem: string): undefined {
  if (names.includes(name)) return undefined;
  const close = names.find((other) => editDistance(other, name, 2) <= 2);
  const others =
    names.length === 0 ? 'there is none' : `there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`;
  throw new UsageError(`${problem} '${name}': ${close === undefined ? others : `did you mean '${close}'?`}`);
}

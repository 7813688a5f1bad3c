// Damages a JSON document in every way a schema must notice, one at a time.

export interface Damage {
  /** Where and what, such as `[*].id: a text for a number`. */
  what: string;
  /** Alters the document in place. */
  apply(): void;
  restore(): void;
  /** A member was left out, which only a member that must be there does not survive. */
  isOmission: boolean;
}

/** A name where there is one, else a number. */
const nameOrNumber = /\.(type|attach_type|prog_type|owner_prog_type|event_type|event_config)$/;
/** How often the same damage is tried at places that differ only by their index. */
const tries = 3;

/** All damage to `root`, which each damage alters and restores, but in the places `open` matches, such as `$[*].output`. */
export function* damages(document: { root: unknown }, open: RegExp): Generator<Damage> {
  yield* at(document, 'root', '$', { open, seen: new Map() });
}

interface Search {
  readonly open: RegExp;
  /** How often each kind of place has been damaged. */
  readonly seen: Map<string, number>;
}

function* at(
  parent: Record<string, unknown> | unknown[],
  key: string,
  path: string,
  search: Search,
): Generator<Damage> {
  const { open, seen } = search;
  if (open.test(path)) return;
  const holder = parent as Record<string, unknown>;
  const value = holder[key];
  const shape = `${path} ${shapeOf(value)}`;
  const times = seen.get(shape) ?? 0;
  if (times >= tries) return;
  seen.set(shape, times + 1);

  const replaced = (what: string, other: unknown): Damage => ({
    what: `${path}: ${what}`,
    apply: () => {
      holder[key] = other;
    },
    restore: () => {
      holder[key] = value;
    },
    isOmission: false,
  });
  if (Array.isArray(value)) {
    yield replaced('an object for a list', {});
    for (const index of value.keys()) yield* at(value, String(index), `${path}[*]`, search);
  } else if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>;
    yield replaced('a list for an object', [7]);
    yield {
      what: `${path}: a member more`,
      apply: () => {
        object.no_such_member = 1;
      },
      restore: () => {
        delete object.no_such_member;
      },
      isOmission: false,
    };
    for (const member of Object.keys(object)) {
      const kept = object[member];
      yield {
        what: `${path}: without ${member}`,
        apply: () => {
          delete object[member];
        },
        restore: () => {
          object[member] = kept;
        },
        isOmission: true,
      };
      yield* at(object, member, `${path}.${member}`, search);
    }
  } else if (typeof value === 'boolean') {
    yield replaced('a text for a truth value', String(value));
    yield replaced('a number for a truth value', Number(value));
  } else {
    yield replaced('a truth value for a scalar', true);
    if (typeof value === 'number') yield replaced('a fraction', value + 0.5);
    if (nameOrNumber.test(path)) return;
    if (typeof value === 'number') yield replaced('a text for a number', String(value));
    else if (typeof value === 'string') yield replaced('a number for a text', 7);
    else yield replaced('a number for null', 7);
  }
}

/** Objects with other members, or of another kind, are other places. */
function shapeOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const { kind, type, target_name } = value as Record<string, unknown>;
  return `${Object.keys(value).join()} ${kind ?? ''} ${type ?? ''} ${target_name ?? ''}`;
}

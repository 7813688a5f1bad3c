/** A line of `trace -j`, as far as it is read here. */
export interface TraceLine {
  readonly event?: unknown;
  readonly [name: string]: unknown;
}

/** Whether the value is an event as `trace -j` writes it, as far as is needed to read it. */
export function isTraceLine(value: unknown): value is TraceLine {
  if (!isRecord(value) || typeof value.event !== 'string') return false;
  if (value.event === 'lost') return isNumber(value.lost);
  if (value.event !== 'call') return true;
  const { attributes, objects, object } = value;
  return (
    [value.pid, value.tid, value.result].every(isNumber) &&
    [value.comm, value.call, value.command].every((text) => typeof text === 'string') &&
    (attributes === null || isRecord(attributes)) &&
    isRecord(objects) &&
    Object.values(objects).every(isRecord) &&
    (object === undefined || isRecord(object))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

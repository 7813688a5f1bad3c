import { describe, expect, it } from 'vitest';
import type { StopSignal } from '../../../src/sys/index.ts';
import { RecordStream, transformed } from '../../../src/kernel/record-stream.ts';

/** A source whose records come when `put` gives them. */
function source() {
  const records: number[] = [];
  let wake = () => {};
  return {
    closed: false,
    take: () => records.shift(),
    ready: (signal: StopSignal) =>
      new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve());
      }),
    put(...more: number[]) {
      records.push(...more);
      wake();
    },
  };
}

const odd = (record: number) => (record % 2 === 1 ? `event ${record}` : undefined);

const oddOf = (from: ReturnType<typeof source>, end?: AbortController) =>
  new RecordStream(transformed(from, odd), { signal: end?.signal });

describe('a transformed stream', () => {
  it('leaves records out and keeps the order of those who wait', async () => {
    const from = source();
    const events = oddOf(from);
    const waiting = [events.next(), events.next()];
    from.put(2, 1, 4, 6, 3);
    expect(await Promise.all(waiting)).toEqual([
      { done: false, value: 'event 1' },
      { done: false, value: 'event 3' },
    ]);
    await events.return();
  });

  it('ends by return while next waits', async () => {
    const events = oddOf(source());
    const waiting = events.next();
    expect(await events.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('ends by its signal while next waits', async () => {
    const end = new AbortController();
    const events = oddOf(source(), end);
    const waiting = events.next();
    end.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('ends where a record cannot be transformed', async () => {
    const from = source();
    from.put(1, 3);
    const tooShort = (): number => {
      throw new RangeError('too short');
    };
    const events = new RecordStream(transformed(from, tooShort));
    await expect(events.next()).rejects.toThrow('too short');
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});

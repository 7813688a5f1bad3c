import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/cli/index.ts';
import { Interruption, Progress } from '../../../src/commands/shared/progress.ts';

let shown: string;
const context = (stderrIsTerminal: boolean) =>
  ({ stderrIsTerminal, printError: (text: string) => (shown += text) }) as unknown as Context;
const counted = { verb: 'tried', unit: 'helpers', total: 9 };

beforeEach(() => {
  shown = '';
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe('progress', () => {
  it('begins after two seconds, changes four times a second, and ends on a line of its own', () => {
    const progress = new Progress(context(true), counted, { toFile: true });
    progress.add(1);
    vi.advanceTimersByTime(1999);
    progress.add(1);
    expect(shown).toBe('');
    vi.advanceTimersByTime(1);
    progress.add(1);
    progress.add(1);
    expect(shown).toBe('\rtried 3 of 9 helpers');
    vi.advanceTimersByTime(250);
    progress.add(1);
    progress.end();
    progress.end();
    expect(shown).toBe('\rtried 3 of 9 helpers\rtried 5 of 9 helpers\rtried 5 of 9 helpers\n');
  });

  it('is for people at a terminal', () => {
    const progress = new Progress(context(false), counted, { toFile: true });
    vi.advanceTimersByTime(5000);
    progress.add(1);
    progress.end();
    expect(shown).toBe('');
    expect(progress.count).toBe(1);
  });
});

describe('an interruption', () => {
  it('is noted while somebody waits for it, and not afterwards', () => {
    const before = process.listenerCount('SIGINT');
    {
      using interruption = new Interruption();
      interruption.check(() => 'nothing came');
      process.emit('SIGINT', 'SIGINT');
      expect(() => interruption.check(() => '3 of 5')).toThrow(
        expect.objectContaining({ message: 'interrupted: 3 of 5', status: 130 }),
      );
    }
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});

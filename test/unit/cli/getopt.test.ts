import { describe, expect, it } from 'vitest';
import { type OptionSpec, readOptions } from '../../../src/cli/index.ts';

const specs: OptionSpec[] = [
  { long: 'json', short: 'j' },
  { long: 'pretty', short: 'p' },
  { long: 'bpffs', short: 'f' },
  { long: 'base-btf', short: 'B', argument: 'FILE' },
];

function read(...args: string[]) {
  const seen: string[] = [];
  const words = readOptions('bpftool', args, specs, (event) => {
    seen.push(
      event.kind === 'unknown' ? `unknown ${event.word}` : `${event.spec.long}${event.value ? `=${event.value}` : ''}`,
    );
    return event.kind === 'option';
  });
  return { seen, words };
}

describe('options on the command line', () => {
  it('stand anywhere between the words', () => {
    expect(read('map', '-j', 'show', '--pretty')).toEqual({ seen: ['json', 'pretty'], words: ['map', 'show'] });
  });

  it('end at a double dash', () => {
    expect(read('map', '--', '-j')).toEqual({ seen: [], words: ['map', '-j'] });
  });

  it('take their argument attached or from the next word', () => {
    expect(read('-Ba', '-B', 'b', '--base-btf=c', '--base', 'd', 'x')).toEqual({
      seen: ['base-btf=a', 'base-btf=b', 'base-btf=c', 'base-btf=d'],
      words: ['x'],
    });
  });

  it('may be abbreviated while only one name fits', () => {
    expect(read('--pre').seen).toEqual(['pretty']);
    expect(read('--b').seen).toEqual(['unknown --b']);
  });

  it('are refused when they take no argument and get one, or miss theirs', () => {
    expect(read('--json=1').seen).toEqual(['unknown --json=1']);
    expect(read('map', '-B').seen).toEqual(['unknown -B']);
  });

  it('tell which one misses its argument', () => {
    const lacking = (...args: string[]) => {
      const found: (string | undefined)[] = [];
      readOptions('bpftool', args, specs, (event) => {
        found.push(event.kind === 'unknown' ? (event.lacks?.long ?? 'unknown') : undefined);
        return true;
      });
      return found;
    };
    expect(lacking('map', '-B')).toEqual(['base-btf']);
    expect(lacking('-jB')).toEqual([undefined, 'base-btf']);
    expect(lacking('--base')).toEqual(['base-btf']);
    expect(lacking('-x', '--json=1', '--bogus')).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it('name the word before a cluster when a letter inside it is unknown', () => {
    expect(read('-jx').seen).toEqual(['json', 'unknown -jx']);
    expect(read('map', '-xj').seen).toEqual(['unknown map']);
    expect(read('-xj').seen).toEqual(['unknown bpftool']);
  });

  it('leave a lone dash as a word', () => {
    expect(read('batch', 'file', '-').words).toEqual(['batch', 'file', '-']);
  });
});

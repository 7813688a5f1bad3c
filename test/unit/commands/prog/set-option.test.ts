import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CommandFailure, Context, defaultOptions } from '../../../../src/cli/index.ts';
import { readSettings, settingContents } from '../../../../src/commands/prog/set-option.ts';
import { nearest } from '../../../../src/commands/shared/nearest.ts';
import { parseObject } from '../../../../src/object/index.ts';
import { memorySink } from '../../../../src/output/index.ts';

describe('values of --set', () => {
  it('keep whole numbers of any size exact, and text that looks like one as it is', () => {
    const settings = readSettings([
      'a=18446744073709551615',
      'b={"x":[-9223372036854775808,1.5,1e3],"y":"12345678901234567890"}',
      'c="=\\"12345678901234567890"',
    ]);
    expect([...settings]).toEqual([
      ['a', 18446744073709551615n],
      ['b', { x: [-9223372036854775808n, 1.5, 1000], y: '12345678901234567890' }],
      ['c', '="12345678901234567890'],
    ]);
  });

  it.each([
    ['a', '--set a: expected VARIABLE=JSON'],
    ['=1', '--set =1: expected VARIABLE=JSON'],
    ['a=b', '--set a: "b" is not JSON (text and names of enumerators need double quotes)'],
    ['a=01', '--set a: "01" is not JSON (text and names of enumerators need double quotes)'],
  ])('%s is refused', (text, message) => {
    expect(() => readSettings([text])).toThrow(new CommandFailure(message));
  });

  it('change only the sections they are in, on a copy', () => {
    const ctx = new Context({ programName: 'x', options: defaultOptions, stdout: memorySink(), stderr: memorySink() });
    const file = new URL('../../../fixtures/objects/set-variables.bpf.o', import.meta.url);
    const spec = parseObject(readFileSync(file), { path: 'set-variables' });
    const contents = settingContents(ctx, spec, readSettings(['counter=258']), new Map());
    const [[index, bytes]] = [...contents] as [[number, Uint8Array]];
    expect([contents.size, spec.maps[index]!.sectionName, ...bytes]).toEqual([1, '.data', 2, 1, 0, 0]);
    expect([...spec.maps[index]!.initialValue!]).toEqual([5, 0, 0, 0]);
  });
});

describe('the nearest names', () => {
  it('are those with few letters changed or with the word in them, best first', () => {
    const names = ['verbose', 'verbosity', 'limit', 'limits', 'max_limit', 'mode'];
    expect(nearest('verbos', names)).toEqual(['verbose', 'verbosity']);
    expect(nearest('limt', names)).toEqual(['limit']);
    expect(nearest('LIMIT', names)).toEqual(['limit', 'limits', 'max_limit']);
    expect(nearest('zzz', names)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { checkCNames, type SkeletonModel } from '../../../src/codegen/index.ts';

const model = (names: readonly (readonly [name: string, identifier: string])[]) =>
  ({
    name: 'object',
    programs: [],
    maps: names.map(([name, identifier]) => ({ spec: { name }, identifier })),
    btf: undefined,
  }) as unknown as SkeletonModel;

describe('names of an object in C', () => {
  it('are refused where two become one', () => {
    const twins = model([
      ['.data.a-b', 'data_a_b'],
      ['.data.a.b', 'data_a_b'],
    ]);
    expect(() => checkCNames(twins)).toThrow(
      "maps '.data.a-b' and '.data.a.b' would both be called 'data_a_b', so there is no skeleton",
    );
  });

  it.each(['struct', 'a-b', '1st', '', 'a b'])('are refused where they are none: %j', (name) => {
    expect(() => checkCNames(model([[name, name]]))).toThrow('its name is no identifier in C');
  });

  it('are taken where each is one, once', () => {
    expect(() => checkCNames(model([['one', 'one'], ['two', 'two']]))).not.toThrow(); // biome-ignore format: a list
  });
});

// Objects of other compilers than clang.
import { describe, expect, it } from 'vitest';
import { loadFixture } from '../support/live/objects.ts';

describe('an object of GCC', () => {
  it('whose map of maps stands before the maps it starts with is loaded', () => {
    using fixture = loadFixture('gcc-outer-first');
    const { spec } = fixture.object;
    const names = spec.maps.map(({ name }) => name);
    expect(names.indexOf('a_outer')).toBeLessThan(names.indexOf('z_in'));
    expect(fixture.object.maps.map(({ name }) => name)).toEqual(names);
    expect(spec.maps[names.indexOf('a_outer')]!.slots).toEqual([names.indexOf('z_in')]);
  });
});

describe('per-CPU global data', () => {
  it('has a value for each processor, or the map that this kernel cannot have is named', () => {
    try {
      using fixture = loadFixture('percpu-used');
      expect(fixture.object.maps.map(({ name }) => name)).toContain('.percpu');
    } catch (error) {
      expect(error).toMatchObject({
        log: expect.stringContaining("BPF map '.percpu' is referenced but wasn't created"),
      });
    }
  });

  it('that only optional programs use is no hindrance', () => {
    using fixture = loadFixture('percpu-data');
    expect(fixture.object.programs.map(({ name }) => name)).toEqual(['plain']);
  });
});

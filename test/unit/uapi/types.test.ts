// The tables of map and link types against the kernel's own enumerations.
import { describe, expect, it } from 'vitest';
import {
  bpf_link_type,
  bpf_map_type,
  linkType,
  linkTypeName,
  mapType,
  mapTypeFromName,
  mapTypeName,
  mapTypeVersions,
  takesBtf,
} from '../../../src/uapi/index.ts';

/** Number and name of each value that bpftool prints a name for. */
function valuesOf(values: Readonly<Record<string, number>>, prefix: string): [number, string][] {
  return Object.entries(values)
    .filter(([name]) => name.startsWith(prefix) && !name.endsWith('_DEPRECATED'))
    .map(([name, value]) => [value, name.slice(prefix.length).toLowerCase()]);
}

describe('the table of map types', () => {
  it("has the kernel's names, to and fro", () => {
    const values = valuesOf(bpf_map_type, 'BPF_MAP_TYPE_');
    expect(values.length).toBe(bpf_map_type.__MAX_BPF_MAP_TYPE);
    expect(values.map(([type]) => [type, mapTypeName(type)])).toEqual(values);
    expect(values.map(([, name]) => [mapTypeFromName(name), name])).toEqual(values);
  });

  it.each([bpf_map_type.__MAX_BPF_MAP_TYPE, -1, 2 ** 31, 0.5])('knows nothing of type %d', (type) => {
    expect(mapType(type)).toBeUndefined();
    expect(mapTypeName(type)).toBeUndefined();
    // A newer type is created with what its object says of it.
    expect(takesBtf(type)).toBe(true);
  });

  it.each(['toString', '__proto__', 'Hash', '', 'hash '])('has no type named "%s"', (name) => {
    expect(mapTypeFromName(name)).toBeUndefined();
  });

  it('has versions of later types only, in the order of the numbers', () => {
    const versions = [...mapTypeVersions()];
    expect(versions.find(([type]) => type <= bpf_map_type.BPF_MAP_TYPE_CPUMAP)).toBeUndefined();
    const key = (version: string) => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);
    const keys = versions.map(([, version]) => key(version));
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
    expect(keys.length).toBeGreaterThan(15);
  });
});

describe('the table of link types', () => {
  it("has the kernel's names", () => {
    const values = valuesOf(bpf_link_type, 'BPF_LINK_TYPE_');
    expect(values.length).toBe(bpf_link_type.__MAX_BPF_LINK_TYPE);
    expect(values.map(([type]) => [type, linkTypeName(type)])).toEqual(values);
    expect(linkType(bpf_link_type.__MAX_BPF_LINK_TYPE)).toBeUndefined();
  });
});

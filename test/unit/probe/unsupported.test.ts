import { describe, expect, test } from 'vitest';
import { newerThan } from '../../../src/probe/index.ts';
import {
  attr_link_create,
  attr_map_create,
  attr_prog_load,
  BPF_F_MMAPABLE,
  BPF_F_XDP_HAS_FRAGS,
  bpf_attach_type,
  bpf_cmd,
  bpf_map_type,
  bpf_prog_type,
  structView,
} from '../../../src/uapi/index.ts';

const linux = (version: string) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { major, minor };
};
const createMap = (type: number, flags = 0) => ({
  command: bpf_cmd.BPF_MAP_CREATE,
  attr: structView(attr_map_create).set('map_type', type).set('map_flags', flags).bytes,
});

describe('what a refused call asked for', () => {
  test('is named with the first kernel that has it', () => {
    const arena = createMap(bpf_map_type.BPF_MAP_TYPE_ARENA);
    expect(newerThan(linux('6.8'), arena)?.message).toBe('map type arena: not supported (needs Linux >= 6.9)');
    expect(newerThan(linux('6.8'), arena)).toMatchObject({ feature: 'map type arena', since: '6.9' });
  });

  test('is nothing the kernel lacks where the kernel is as new', () => {
    expect(newerThan(linux('6.9'), createMap(bpf_map_type.BPF_MAP_TYPE_ARENA))).toBeUndefined();
    expect(newerThan(linux('7.0'), createMap(bpf_map_type.BPF_MAP_TYPE_ARENA))).toBeUndefined();
    expect(newerThan(linux('4.15'), createMap(bpf_map_type.BPF_MAP_TYPE_HASH))).toBeUndefined();
  });

  test('is the newest of several things', () => {
    const program = {
      command: bpf_cmd.BPF_PROG_LOAD,
      attr: structView(attr_prog_load)
        .set('prog_type', bpf_prog_type.BPF_PROG_TYPE_XDP)
        .set('expected_attach_type', bpf_attach_type.BPF_XDP_DEVMAP)
        .set('prog_flags', BPF_F_XDP_HAS_FRAGS).bytes,
    };
    expect(newerThan(linux('5.4'), program)?.feature).toBe('program flag 0x20');
    expect(newerThan(linux('5.18'), program)).toBeUndefined();
  });

  test('may be a flag of a map that is old itself', () => {
    const map = createMap(bpf_map_type.BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE);
    expect(newerThan(linux('5.4'), map)).toMatchObject({ feature: 'map flag 0x400', since: '5.5' });
  });

  test('may be the command, whatever its attributes', () => {
    const batch = { command: bpf_cmd.BPF_MAP_LOOKUP_BATCH, attr: new Uint8Array(4) };
    expect(newerThan(linux('5.5'), batch)?.feature).toBe('bpf(2) command BPF_MAP_LOOKUP_BATCH');
  });

  test('may be a link of an attach type that had none, or its cookie', () => {
    const link = (type: number, cookie = 0n) => ({
      command: bpf_cmd.BPF_LINK_CREATE,
      attr: structView(attr_link_create).set('attach_type', type).set('perf_event.bpf_cookie', cookie).bytes,
    });
    expect(newerThan(linux('6.9'), link(bpf_attach_type.BPF_SK_MSG_VERDICT))?.since).toBe('6.10');
    expect(newerThan(linux('5.14'), link(bpf_attach_type.BPF_PERF_EVENT, 7n))?.since).toBe('5.15');
    expect(newerThan(linux('5.15'), link(bpf_attach_type.BPF_PERF_EVENT, 7n))).toBeUndefined();
  });
});

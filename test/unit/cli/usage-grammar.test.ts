import { describe, expect, it } from 'vitest';
import { candidatesAfter, type CommandFamily, keywordsOf, readUsage } from '../../../src/cli/index.ts';
import { loadFamilies } from '../../../src/main.ts';

describe('readUsage', () => {
  it('keeps every form of a verb and continues lines with and without a backslash', () => {
    const { verbs, definitions } = readUsage({
      usage:
        'Usage: %P %O dump one X\n       %P %O dump two X \\\n            [a A]\n            [b]\n' +
        '       %P obj { show | list } [X]\n\n       X := { id ID |\n              name NAME }\n\nNote: not a definition\n',
    });
    expect(verbs.get('dump')).toEqual(['one X', 'two X [a A] [b]']);
    expect(verbs.get('list')).toEqual(['[X]']);
    expect(definitions.get('X')).toBe('{ id ID | name NAME }');
  });
});

describe('the command families', () => {
  it('give every verb at least one form', async () => {
    for (const family of await loadFamilies()) {
      const { verbs } = readUsage(family);
      const names = family.verbs.map((verb) => verb.name).sort();
      expect([...verbs.keys()].sort(), family.name).toEqual(names);
    }
  });

  it('offer the words of the last lines of a usage text', async () => {
    const family = (name: string, all: CommandFamily[]) => all.find((one) => one.name === name)!;
    const all = await loadFamilies();
    expect(keywordsOf(readUsage(family('prog', all)), 'load')).toEqual(
      expect.arrayContaining(['pinmaps', 'autoattach', 'kernel_btf']),
    );
    expect(candidatesAfter(['prog', 'dump'], family('prog', all)).words).toEqual(
      expect.arrayContaining(['xlated', 'jited', 'visual']),
    );
    expect(candidatesAfter(['btf', 'dump'], family('btf', all)).words).toEqual(
      expect.arrayContaining(['id', 'prog', 'map', 'file', 'format']),
    );
  });

  it('offer attach types where one is due, and devices after the words that name one', async () => {
    const all = await loadFamilies();
    const offered = (line: string) => {
      const words = line.split(' ');
      return candidatesAfter(words, all.find((one) => one.name === words[0])!);
    };
    const netTypes = ['xdp', 'xdpgeneric', 'xdpdrv', 'xdpoffload', 'tcx_ingress', 'tcx_egress'];
    expect(offered('net attach').words).toEqual(netTypes);
    expect(offered('net detach').words).toEqual(netTypes);
    expect(offered('net attach xdp').words).not.toContain('xdpdrv');
    expect(offered('prog attach id').words).not.toContain('sk_msg_verdict');
    expect(offered('prog attach id 1').words).toContain('sk_msg_verdict');
    expect(offered('cgroup attach /x').words).toContain('cgroup_device');
    expect(offered('net show').words).toEqual(['dev']);
    expect(offered('net show dev')).toEqual({ words: [], live: { what: 'device', kinds: [] } });
    expect(offered('net attach xdp id 1 dev').live?.what).toBe('device');
  });
});

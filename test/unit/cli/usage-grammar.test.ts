import { describe, expect, it } from 'vitest';
import { candidatesAfter, readUsage } from '../../../src/cli/index.ts';
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
      const names = family.verbs.filter((verb) => !verb.declare).map((verb) => verb.name);
      expect([...verbs.keys()].sort(), family.name).toEqual(names.sort());
    }
  });

  const offered = async (line: string, asked: { isJson?: boolean; mapType?: string } = {}) => {
    const words = line.split(' ');
    const family = (await loadFamilies()).find(({ name }) => name === words[0])!;
    const found = candidatesAfter(words, family, { isJson: asked.isJson ?? false, mapType: () => asked.mapType });
    return { words: found.words.map(({ word }) => word), values: found.values.map(({ name }) => name) };
  };

  it('offer the words of the last lines of a usage text, each once', async () => {
    expect((await offered('prog load o p')).words).toEqual(
      expect.arrayContaining(['pinmaps', 'autoattach', 'kernel_btf', 'map']),
    );
    const rest = (await offered('prog load o p autoattach type xdp')).words;
    expect(rest).toContain('map');
    expect(rest).not.toContain('autoattach');
    expect(rest).not.toContain('type');
  });

  it('offer nothing after words that fit no form', async () => {
    expect(await offered('map dump 5')).toEqual({ words: [], values: [] });
    expect(await offered('map dump id 5 6')).toEqual({ words: [], values: [] });
    expect(await offered('map show id five')).toEqual({ words: [], values: [] });
  });

  it('take abbreviations as the program does, a whole word before them', async () => {
    expect((await offered('btf d m i 5')).words).toEqual(['key', 'value', 'kv', 'all', 'format', 'root_id']);
    expect((await offered('prog dump x id 1 o')).words).toEqual(['linum', 'visual']);
  });

  it('know where values stand, and of which objects', async () => {
    expect(await offered('net show dev')).toEqual({ words: [], values: ['<devname>'] });
    expect((await offered('prog attach id')).values).toEqual(['PROG_ID']);
    expect((await offered('map update id 1 key 1 value id')).values).toEqual(['MAP_ID', 'PROG_ID']);
    expect((await offered('map update id 1 key 1 value id', { mapType: 'prog_array' })).values).toEqual(['PROG_ID']);
  });

  it('end the bytes of a key where another word begins', async () => {
    const many = Array.from({ length: 300 }, () => '0xff').join(' ');
    expect((await offered(`map update id 1 key ${many}`)).words).toEqual(['value']);
    expect((await offered(`map update id 1 key hex ${many} value ${many}`)).words).toEqual(['any', 'exist', 'noexist']);
  });

  it('leave out what JSON has no use for', async () => {
    expect((await offered('prog dump xlated id 1', { isJson: true })).words).not.toContain('visual');
  });
});

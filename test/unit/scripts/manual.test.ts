// Manual pages say at least as much as those of bpftool 7.8.0, in words without markup.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { globalOptions } from '../../../src/cli/global-options.ts';

const folder = path.resolve(import.meta.dirname, '../../../man');
const read = (page: string) => readFileSync(path.join(folder, page), 'utf8');
const textOf = (page: string) =>
  read(page)
    .split('\n')
    .filter((line) => !line.startsWith('.\\"') && !/^\.(?!B )/.test(line))
    .map((line) => line.replace(/^\.B /, ''))
    .join('\n');
const plain = (page: string) => textOf(page).replaceAll('\\-', '-');

/** Words of bpftool's own pages, options of every command included. */
const leastWords: Readonly<Record<string, number>> = {
  'tsbpftool.8': 427,
  'tsbpftool-btf.8': 1287,
  'tsbpftool-cgroup.8': 993,
  'tsbpftool-feature.8': 600,
  'tsbpftool-gen.8': 2172,
  'tsbpftool-iter.8': 406,
  'tsbpftool-link.8': 512,
  'tsbpftool-map.8': 1838,
  'tsbpftool-net.8': 912,
  'tsbpftool-perf.8': 346,
  'tsbpftool-prog.8': 2644,
  'tsbpftool-struct_ops.8': 441,
  'tsbpftool-token.8': 292,
};

describe('manual pages', () => {
  it.each(Object.entries(leastWords))('%s has at least %i words', (page, least) => {
    expect(textOf(page).split(/\s+/).filter(Boolean).length).toBeGreaterThanOrEqual(least);
  });

  it.each(readdirSync(folder))('%s has options, exit statuses, files, environment and examples', (page) => {
    const headings = [...read(page).matchAll(/^\.SH (.*)$/gm)].map(([, heading]) => heading);
    const common = ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'FILES', 'ENVIRONMENT', 'EXAMPLES'];
    expect(headings).toEqual(expect.arrayContaining(common));
    for (const { short, long } of globalOptions) expect(plain(page)).toMatch(new RegExp(`^-${short}|^--${long}`, 'm'));
    for (const option of ['-L, --use-loader', '-S, --sign', '-B, --base-btf FILE', '-i CERT', '-k KEY', '--netns'])
      expect(plain(page)).toContain(option);
  });
});

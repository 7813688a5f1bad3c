// docs/comparison.md claims features by the names of tests: each is there.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../../..');

it('each feature that the guide claims is held by a test of that name', () => {
  const guide = readFileSync(path.join(project, 'docs/comparison.md'), 'utf8');
  const rows = guide.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| feature'));
  expect(rows.length).toBeGreaterThan(30);
  const files = readdirSync(path.join(project, 'test/kernel'));
  for (const row of rows) {
    const [, file = '', name = ''] = /^\|(?:[^|]*\|){4} `([\w-]+\.test\.ts)`: (.+) \|$/.exec(row) ?? [];
    expect(files, row).toContain(file);
    const text = readFileSync(path.join(project, 'test/kernel', file), 'utf8');
    expect(text.replaceAll(/\bit\.skipIf\(\w+\)\(/g, 'it('), row).toContain(`it('${name}'`);
  }
});

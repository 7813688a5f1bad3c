// The code of the guides, run on the kernel; that the guides have it as it is, test/architecture sees.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { start } from '../support/examples/run.ts';

const project = path.resolve(import.meta.dirname, '../..');
/** Needs devices and programs of every kind: only the compiler looks at it. */
const onlyCompiled = ['attaching.ts'];

describe('the code of the guides', () => {
  const names = readdirSync(path.join(project, 'docs/snippets')).filter((name) => !onlyCompiled.includes(name));

  it.each(names)('%s runs', async (name) => {
    await expect(start(`docs/snippets/${name}`).ended).resolves.toBeTypeOf('string');
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/parity/programs.ts';
import { paritySuite } from '../support/parity/suite.ts';
import { World } from '../support/parity/world.ts';
import { genSkeleton, oddlyNamed } from './cases/gen-skeleton.ts';

paritySuite('gen skeleton', genSkeleton);

describe('the name of an object, from its file', () => {
  let world: World;
  beforeAll(() => {
    world = new World('g_');
  });
  afterAll(() => world?.end());

  for (const name of oddlyNamed.names) {
    it(`${name} is the reference’s`, async () => {
      const folder = path.join(world.tmp, 'objects');
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, name), oddlyNamed.bytes, 'latin1');
      for (const file of [name, `./${name}`, `../objects/${name}`]) {
        for (const verb of ['skeleton', 'subskeleton']) {
          const argv = ['gen', verb, file];
          const options = { cwd: folder };
          const ours = await run(world.programs.ours, argv, options);
          expect(ours).toEqual(await run(world.programs.reference, argv, options));
          expect(ours.status).toBe(0);
        }
      }
    });
  }
});

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelAtLeast } from '../support/feature.ts';
import { paritySuite } from '../support/parity/suite.ts';
import { World } from '../support/parity/world.ts';
import { useLoader } from './cases/use-loader.ts';

paritySuite('-L, -S', useLoader);

describe('bpftool -d -L prog load', () => {
  let world: World;
  beforeAll(() => {
    world = new World('d_');
  });
  afterAll(() => world?.end());

  function run(program: string[], ...argv: string[]) {
    const [file, ...words] = [...program, ...argv.map((word) => world.fill(word))];
    const { stdout, stderr, status } = spawnSync(file!, words, { encoding: 'utf8', timeout: 60_000 });
    // libbpf tells every step; how long the verifier took is another matter each time.
    const said = stderr.replace(/^libbpf: .*\n/gm, '').replace(/verification time \d+ usec/g, 'verification time');
    return { stdout, stderr: said, status };
  }

  // Without addresses of maps in the verifier's log.
  for (const name of ['run-xdp', 'rejected', 'core-unresolved', 'maps']) {
    it(`prints the loader program of ${name} and the verifier's log`, () => {
      const argv = ['-d', '-L', 'prog', 'load', `{obj:${name}}`];
      const ours = run(world.programs.ours, ...argv);
      expect(ours).toEqual(run(world.programs.reference, ...argv));
      expect(ours.stdout).toContain('call bpf_sys_bpf#166\n');
    });
  }

  it('prints nothing but the document with JSON', () => {
    const { stdout, status } = run(world.programs.ours, '-d', '-j', '-L', 'prog', 'load', '{obj:run-xdp}');
    expect({ stdout, status }).toEqual({ stdout: '\n', status: 0 });
  });
});

describe('what bpftool has not, with -L', () => {
  let world: World;
  beforeAll(() => {
    world = new World('e_');
  });
  afterAll(() => world?.end());

  function ours(...argv: string[]) {
    const [file, ...words] = [...world.programs.ours, '-L', 'prog', 'load', ...argv.map((word) => world.fill(word))];
    const { stdout, stderr, status } = spawnSync(file!, words, { encoding: 'utf8', timeout: 60_000 });
    return { stdout, stderr, status };
  }

  it('--set changes what the loader puts into maps', () => {
    const loaded = ours('{obj:set-variables}', '--set', 'verbose=true');
    // Before 5.14 there are no programs of type syscall.
    if (kernelAtLeast('5.14')) expect(loaded).toEqual({ stdout: '', stderr: '', status: 0 });
    else expect(loaded.stderr).toContain('failed to load loader prog');
    const refused = ours('{obj:set-variables}', '--set', 'no_such_variable=1');
    expect(refused.stderr).toMatch(/^Error: --set no_such_variable: /);
    expect(refused.status).toBe(255);
  });

  it('--explain is refused', () => {
    const stderr = "Error: '--explain' is not possible with '--use-loader'\n";
    expect(ours('{obj:rejected}', '--explain')).toEqual({ stdout: '', stderr, status: 255 });
  });
});

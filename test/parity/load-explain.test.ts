// `prog load --explain`: the reference's output first, then why the verifier refused the program.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelAtLeast } from '../support/feature.ts';
import { World } from '../support/parity/world.ts';

/** Logs of level 1 hold the states of registers. */
const tellsStates = kernelAtLeast('5.18');

let world: World;
beforeAll(() => {
  world = new World('x_');
});
afterAll(() => world?.end());

function run(program: string[], ...argv: string[]): { stdout: string; stderr: string; status: number | null } {
  const [file, ...words] = [...program, ...argv.map((word) => world.fill(word))];
  return spawnSync(file!, words, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, timeout: 60_000 });
}

/** The same command without and with --explain, by the reference and by ours. */
function both(...argv: string[]) {
  return { reference: run(world.programs.reference, ...argv), ours: run(world.programs.ours, ...argv, '--explain') };
}

describe('prog load --explain', () => {
  it('says after the reference’s output where, how and why', () => {
    const { reference, ours } = both('prog', 'load', '{obj:rejected}', '{pins}/refused');
    expect(ours.stderr.startsWith(reference.stderr)).toBe(true);
    expect(ours).toMatchObject({ stdout: reference.stdout, status: reference.status });
    const said = ours.stderr.slice(reference.stderr.length);
    expect(said).toMatch(/^Explanation: program 'unchecked' was refused with -EACCES \(packet-bounds\)\n/);
    expect(said).toContain(
      'rejected.bpf.c:11:9 in unchecked()\n      return data[20];\n      1: (71) r0 = *(u8 *)(r1 +20)\n',
    );
    expect(said).toContain('  the verifier says: invalid access to packet, off=20 size=1');
    if (tellsStates) expect(said).toMatch(/ {2}known then: R1=pkt\(/);
    expect(said).toMatch(/0: \(61\) r1 = \*\(u32 \*\)\(r1 \+0\).*\n {2}cause: {2}.*\n {2}change: .*\n$/);
    expect(existsSync(`${world.pins}/refused`)).toBe(false);
  });

  it('is part of the error with JSON', () => {
    const { reference, ours } = both('-j', 'prog', 'loadall', '{obj:rejected}', '{pins}/refused');
    expect(ours).toMatchObject({ stderr: reference.stderr, status: reference.status });
    const { explanation, ...rest } = JSON.parse(ours.stdout) as { explanation: Record<string, unknown> };
    expect(rest).toEqual(JSON.parse(reference.stdout));
    expect(explanation).toMatchObject({
      program: 'unchecked',
      kind: 'packet-bounds',
      errno: '-EACCES',
      insn: 1,
      line_num: 11,
      src: 'return data[20];',
      func: 'unchecked',
      ...(tellsStates ? { registers: { R1: expect.stringContaining('pkt(') } } : {}),
      path: [{ insn: 0, line_num: 9 }],
    });
  });

  it('names the type that the kernel does not have', () => {
    const { ours } = both('prog', 'load', '{obj:core-unresolved}', '{pins}/refused');
    expect(ours.stderr).toContain('(core-relocation)\n  at instruction 0, ./core-unresolved.bpf.c:');
    expect(ours.stderr).toContain('struct task_struct.anonymous_or_not.no_such_member');
  });

  it('adds nothing where no program was refused, and nothing to a success', () => {
    for (const argv of [
      ['prog', 'load', '/nosuchfile', '{pins}/refused'],
      ['prog', 'load', '{obj:hello}', '/proc/nosuchfolder/pin'],
    ]) {
      const { reference, ours } = both(...argv);
      expect(ours).toMatchObject({ stdout: reference.stdout, stderr: reference.stderr, status: reference.status });
    }
    expect(run(world.programs.ours, 'prog', 'load', '{obj:hello}', '{pins}/good', '--explain')).toMatchObject({
      stdout: '',
      stderr: '',
      status: 0,
    });
  });

  it('is the reference’s unknown option elsewhere', () => {
    const words = ['prog', 'show', '--explain'];
    const { stdout, stderr, status } = run(world.programs.reference, ...words);
    expect(stderr).toMatch(/^Error: unrecognized option '--explain'\n/);
    expect(run(world.programs.ours, ...words)).toMatchObject({ stdout, stderr, status });
  });
});

// `prog load --set`: what the kernel then holds, as the reference shows it.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, unlinkSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { removePins, World } from '../support/parity/world.ts';

let world: World;
let pins: string;
beforeAll(() => {
  world = new World('s_');
  pins = `${world.pins}/set`;
});
afterEach(() => (statSync(pins, { throwIfNoEntry: false })?.isFile() ? unlinkSync(pins) : removePins(pins)));
afterAll(() => world?.end());

function ours(...argv: string[]): { stdout: string; stderr: string; status: number | null } {
  const [file, ...words] = [...world.programs.ours, ...argv.map((word) => world.fill(word))];
  return spawnSync(file!, words, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, timeout: 60_000 });
}

/** Loads the fixture with these settings; what failed is said. */
function load(settings: readonly string[], more: readonly string[] = []): { stderr: string; status: number | null } {
  const options = settings.flatMap((setting) => ['--set', setting]);
  return ours('prog', 'loadall', '{obj:set-variables}', pins, 'pinmaps', `${pins}/maps`, ...more, ...options);
}

interface Section {
  value: Record<string, Record<string, unknown>[]>;
}

/** The variables of a data section in the kernel. */
function variables(map: string, section: string): Record<string, unknown> {
  const [entry] = JSON.parse(world.reference('map', 'dump', 'pinned', `${pins}/maps/${map}`)) as Section[];
  return Object.assign({}, ...entry!.value[section]!) as Record<string, unknown>;
}

const code = () => world.reference('prog', 'dump', 'xlated', 'pinned', `${pins}/decide`);

describe('prog load --set', () => {
  it('leaves everything as compiled where nothing is set', () => {
    expect(load([])).toMatchObject({ stderr: '', status: 0 });
    expect(variables('set_vari_rodata', '.rodata')).toMatchObject({ verbose: false, mode: 'FAST' });
    expect(code()).not.toContain('call bpf_trace_printk');
  });

  it('writes booleans, enumerators, structures, text and numbers of every width', () => {
    const config =
      '{"limit":99,"name":"x y","range":{"high":3},"offset":-9007199254740993,"strict":true,"ports":[1,2]}';
    const settings = ['verbose=true', 'mode="SLOW"', 'magic=18364758544493064720', 'counter=-7', 'tiny=-128'];
    expect(load([...settings, `config=${config}`])).toMatchObject({ stderr: '', status: 0 });
    const rodata = variables('set_vari_rodata', '.rodata');
    expect(rodata).toMatchObject({ verbose: true, mode: 'SLOW', compiled_in: 3 });
    expect(rodata.config).toMatchObject({ limit: 99, name: 'x y', range: { low: 0, high: 3 }, strict: true });
    expect((rodata.config as { ports: number[] }).ports).toEqual([1, 2, 0, 0]);
    const text = world.reference('map', 'dump', 'pinned', `${pins}/maps/set_vari_rodata`);
    expect(text).toContain('"offset": -9007199254740993');
    expect(world.reference('map', 'dump', 'pinned', `${pins}/maps/_rodata_magic`)).toContain(
      '"magic": 18364758544493064720',
    );
    expect(variables('set_vari_data', '.data').counter).toBe(-7);
    expect(variables('set_vari_bss', '.bss').tiny).toBe(-128);
  });

  it('decides which code the verifier keeps', () => {
    expect(load(['verbose=true']).status).toBe(0);
    const kept = code();
    removePins(pins);
    expect(load(['verbose=false']).status).toBe(0);
    const dropped = code();
    expect(kept).toContain('call bpf_trace_printk');
    expect(dropped).not.toContain('call bpf_trace_printk');
  });

  it('leaves constants frozen', () => {
    expect(load(['verbose=true']).status).toBe(0);
    const shown = world.reference('-j', 'map', 'show', 'pinned', `${pins}/maps/set_vari_rodata`);
    expect(JSON.parse(shown)).toMatchObject({ frozen: 1 });
  });

  it('works with load, with =, abbreviated, before and after the words', () => {
    for (const argv of [
      ['prog', 'load', '{obj:set-variables}', pins, '--set=verbose=1', '-j'],
      ['--se', 'verbose=1', '-j', 'prog', 'load', '{obj:set-variables}', pins],
    ]) {
      expect(ours(...argv)).toMatchObject({ stdout: 'null\n', stderr: '', status: 0 });
      expect(world.reference('prog', 'dump', 'xlated', 'pinned', pins)).toContain('call bpf_trace_printk');
      unlinkSync(pins);
    }
  });

  it('warns of a constant that the compiler may have used', () => {
    expect(load(['compiled_in=4'])).toMatchObject({
      stderr: "Warning: 'compiled_in' is const but not volatile: the compiler may have used its old value already\n",
      status: 0,
    });
  });
});

describe('prog load --set refuses, and leaves nothing behind:', () => {
  it.each([
    ['verbos=1', 'verbos: the object has no such global variable; the nearest: verbose'],
    ['zzzzzz=1', 'it has mode, config, compiled_in, verbose, magic, counter, tiny'],
    ['verbose=2', 'verbose: 2 does not fit _Bool (0…1)'],
    ['verbose', 'verbose: expected VARIABLE=JSON'],
    ['=1', '=1: expected VARIABLE=JSON'],
    ['verbose=', 'verbose: "" is not JSON'],
    ['mode=SLOW', 'mode: "SLOW" is not JSON (text and names of enumerators need double quotes)'],
    ['mode="SLO"', 'mode: "SLO" is no name or value of enum mode'],
    ['counter=4294967296', 'counter: 4294967296 does not fit int (-2147483648…2147483647)'],
    ['counter=1.5', 'counter: 1.5 is no integer (int)'],
    ['counter=null', 'counter: null is no integer (int)'],
    ['config={"ports":[1,2,3,4,5]}', 'config.ports: 5 elements do not fit'],
    ['config={"ports":[1,"x"]}', 'config.ports[1]: "x" is no integer'],
    ['config={"range":{"mid":1}}', "has no member 'mid'; it has low, high"],
    ['config=3', 'config: 3 is no object'],
    ['config={"name":"12345678901234567"}', 'config.name: 17 bytes do not fit'],
    ['config={"offset":123456789012345678901}', 'config.offset: 123456789012345678901 does not fit'],
    ['LINUX_KERNEL_VERSION=3', "LINUX_KERNEL_VERSION: the kernel's configuration gives this variable its value"],
    ['LICENSE="MIT"', "LICENSE: lies in section 'license', which is only read when the object is loaded"],
    ['table=1', 'table: a map, not a variable'],
    ['decide=1', 'decide: a function, not a variable'],
  ])('%s', (setting, message) => {
    const { stderr, status } = load([setting]);
    expect(stderr).toMatch(/^Error: --set .*\n$/);
    expect(stderr).toContain(message);
    expect(status).toBe(255);
    expect(existsSync(pins)).toBe(false);
  });

  it('a variable given twice', () => {
    expect(load(['verbose=1', 'verbose=0']).stderr).toBe('Error: --set verbose: given more than once\n');
  });

  it('a variable whose section is replaced', () => {
    expect(load([]).status).toBe(0);
    const words = ['map', 'name', 'set_vari.rodata', 'pinned', `${pins}/maps/set_vari_rodata`, '--set', 'verbose=1'];
    expect(ours('prog', 'load', '{obj:set-variables}', `${pins}/other`, ...words)).toMatchObject({
      stderr: "Error: --set verbose: the variable's section '.rodata' is replaced by an existing map\n",
      status: 255,
    });
    expect(existsSync(`${pins}/other`)).toBe(false);
  });

  it('other verbs, as the reference does', () => {
    for (const argv of [
      ['map', 'show', '--set', 'a=1'],
      ['--set', 'a=1', 'map', 'show'],
      ['prog', 'show', '--set=a=1'],
    ]) {
      const [file, ...words] = [...world.programs.reference, ...argv];
      const reference = spawnSync(file!, words, { encoding: 'utf8' });
      expect(ours(...argv)).toMatchObject({ stdout: reference.stdout, stderr: reference.stderr, status: 255 });
    }
  });
});

// Completion in real shells, against live objects.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');
const pin = '/sys/fs/bpf/completion_map';
let bin: string;

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

function shell(program: string, args: string[], input?: string): string[] {
  const { stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    input,
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, TERM: 'dumb' },
    timeout: 60_000,
  });
  expect(stderr).not.toMatch(/error/i);
  return stdout.split('\n').filter((line) => line !== '');
}

beforeAll(() => {
  bin = mkdtempSync(path.join(tmpdir(), 'completion-'));
  mkdirSync(bin, { recursive: true });
  symlinkSync(path.join(project, 'bin/tsbpftool.js'), path.join(bin, 'tsbpftool'));
  const words = `map create ${pin} type hash key 4 value 4 entries 4 name completion_map`.split(' ');
  rmSync(pin, { force: true });
  expect(spawnSync(process.execPath, [path.join(project, 'bin/tsbpftool.js'), ...words]).status).toBe(0);
});
afterAll(() => {
  rmSync(pin, { force: true });
  rmSync(bin, { recursive: true, force: true });
});

function bash(...words: string[]): string[] {
  const script = `
    source ${project}/completions/tsbpftool.bash
    COMP_WORDS=(tsbpftool ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
    _tsbpftool; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return shell('bash', ['--norc', '-c', script]);
}

describe.skipIf(!has('bash'))('bash', () => {
  it('completes objects, verbs and options', () => {
    expect(bash('pr')).toEqual(['prog']);
    expect(bash('map', 'du')).toEqual(['dump']);
    expect(bash('-j', 'map', 'lo')).toEqual(['lookup']);
    expect(bash('--pre')).toEqual(['--pretty']);
  });

  it('offers live names and pinned paths', () => {
    expect(bash('map', 'dump', 'name', 'completion')).toEqual(['completion_map']);
    expect(bash('map', 'dump', 'pinned', '/sys/fs/bpf/completion')).toContain(pin);
    expect(bash('map', 'create', 'x', 'type', 'lru_h')).toEqual(['lru_hash']);
    expect(bash('net', 'show', 'dev', 'l')).toEqual(['lo']);
    expect(bash('net', 'attach', 'tcx_e')).toEqual(['tcx_egress']);
  });
});

describe.skipIf(!has('fish'))('fish', () => {
  const fish = (line: string) =>
    shell('fish', ['--no-config', '-c', `source ${project}/completions/tsbpftool.fish; complete -C '${line}'`]).map(
      (row) => row.split('\t')[0],
    );

  it('completes objects, verbs and live names', () => {
    expect(fish('tsbpftool pr')).toContain('prog');
    expect(fish('tsbpftool map du')).toEqual(['dump']);
    expect(fish('tsbpftool map dump name completion')).toContain('completion_map');
  });
});

describe.skipIf(!has('zsh'))('zsh', () => {
  it('loads its script and registers it', () => {
    const script = `autoload -Uz compinit; compinit -u -D; source ${project}/completions/tsbpftool.zsh; print $_comps[tsbpftool]`;
    expect(shell('zsh', ['-f', '-c', script])).toEqual(['_tsbpftool']);
  });
});
